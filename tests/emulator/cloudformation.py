"""moto's CloudFormation with StackSets as an organization has them.

moto forgets auto-deployment and managed execution, deploys to some of the accounts of an OU only, and takes a deletion
by OU for one of nothing. Here StackSets are kept by this file; of what a template holds, IAM roles are really made in
the accounts, and everything else is taken as made. What stays different from AWS: operations end at once, and fail
only where a role is there already.
"""

import json

import yaml
from moto.cloudformation import responses
from moto.cloudformation.exceptions import CloudFormationError, ValidationError
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.organizations.models import organizations_backends

PARTITION = "aws"
PAGE_SIZE = 100
SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"

# By (management account, Region): StackSets by name.
SETS = {}


class Failure(CloudFormationError):
    def __init__(self, code, message):
        self.code = code
        super().__init__(message)


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, read as the long ones."""


def short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", short_form)
# A version such as 2012-10-17 is a text.
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class StackSet:
    def __init__(self, name):
        self.name = name
        self.settings = {}
        self.units = set()
        self.instances = {}  # (account, Region): names of the roles that the stack made
        self.statuses = {}  # (account, Region): (status, detailed status, reason)
        self.operations = []
        self.seen = set()  # accounts that were there when something was last deployed


def organization(account):
    return organizations_backends[account][PARTITION]


def accounts_in(account, units):
    """The ids of every account in or below `units`, without the management account."""
    backend = organization(account)
    parents = {unit.id: unit.parent_id for unit in backend.ou}
    found = []
    for member in backend.accounts:
        above = member.parent_id
        while above is not None and above not in units:
            above = parents.get(above)
        if above is not None and member.id != account and member.status == "ACTIVE":
            found.append((member.id, above))
    return found


def has_access(account):
    backend = organization(account)
    names = [service["ServicePrincipal"] for service in backend.services]
    return SERVICE in names


def pairs(settings, name, key, value):
    return {item[key]: item[value] for item in settings.get(name, [])}


def resolved(value, parameters):
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return parameters.get(value["Ref"], value["Ref"])
        return {key: resolved(below, parameters) for key, below in value.items()}
    if isinstance(value, list):
        return [resolved(below, parameters) for below in value]
    return value


def roles_of(stack_set):
    """The roles that the template makes: their names, and what they are."""
    template = yaml.load(stack_set.settings["TemplateBody"], Loader=Loader)
    parameters = {name: it.get("Default") for name, it in template.get("Parameters", {}).items()}
    given = stack_set.settings.get("Parameters", [])
    parameters.update({it["ParameterKey"]: it["ParameterValue"] for it in given})
    roles = {}
    for logical, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            properties = resolved(resource.get("Properties", {}), parameters)
            roles[properties.get("RoleName", f"{stack_set.name}-{logical}")] = properties
    return roles


def make_role(account, name, properties):
    backend = iam_backends[account][PARTITION]
    role = backend.create_role(
        role_name=name,
        assume_role_policy_document=json.dumps(properties["AssumeRolePolicyDocument"]),
        path=properties.get("Path", "/"),
        permissions_boundary=properties.get("PermissionsBoundary"),
        description=properties.get("Description", ""),
        tags=properties.get("Tags", []),
        max_session_duration=int(properties.get("MaxSessionDuration", 3600)),
    )
    for policy in properties.get("Policies", []):
        role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
    for arn in properties.get("ManagedPolicyArns", []):
        backend.attach_role_policy(arn, name)


def drop_role(account, name):
    backend = iam_backends[account][PARTITION]
    if not any(role.name == name for role in backend.roles.values()):
        return
    for arn in list(backend.get_role(name).managed_policies):
        backend.detach_role_policy(arn, name)
    for policy in list(backend.get_role(name).policies):
        backend.get_role(name).delete_policy(policy)
    backend.delete_role(name)


def deploy(stack_set, account, region):
    """Brings one instance up to date. A role of somebody else's of the same name makes it fail."""
    made = stack_set.instances.get((account, region), {})
    wanted = roles_of(stack_set)
    backend = iam_backends[account][PARTITION]
    there = {role.name for role in backend.roles.values()}
    taken = sorted((set(wanted) - set(made)) & there)
    if taken:
        stack_set.instances.setdefault((account, region), {})
        reason = f"Resource of type 'AWS::IAM::Role' with identifier '{taken[0]}' already exists."
        stack_set.statuses[(account, region)] = ("OUTDATED", "FAILED", reason)
        return False
    for name in made:
        # As in AWS: what has not changed in the template is not looked at, whatever became of it.
        if made[name] != wanted.get(name):
            drop_role(account, name)
    for name, properties in wanted.items():
        if made.get(name) != properties:
            make_role(account, name, properties)
    stack_set.instances[(account, region)] = wanted
    stack_set.statuses[(account, region)] = ("CURRENT", "SUCCEEDED", None)
    return True


def operate(stack_set, identifier, action, places, work):
    if any(operation["OperationId"] == identifier for operation in stack_set.operations):
        raise Failure("OperationIdAlreadyExistsException", f"Operation {identifier} exists")
    ended = [work(account, region) for account, region in places]
    now = utcnow()
    stack_set.operations.insert(0, {
        "OperationId": identifier,
        "Action": action,
        "Status": "SUCCEEDED" if all(it is not False for it in ended) else "FAILED",
        "CreationTimestamp": now,
        "EndTimestamp": now,
    })


def deploy_by_itself(management):
    """What AWS does when accounts come into the OUs of a StackSet, or leave them."""
    for (owner, _), sets in SETS.items():
        for stack_set in sets.values() if owner == management else []:
            if stack_set.settings.get("AutoDeployment", {}).get("Enabled") not in (True, "true"):
                continue
            under = {account for account, _ in accounts_in(management, stack_set.units)}
            regions = {region for _, region in stack_set.instances}
            for account, region in list(stack_set.instances):
                if account not in under:
                    del stack_set.instances[(account, region)]
            # One that was left out stays out until it goes and comes back.
            come, stack_set.seen = under - stack_set.seen, under
            for account in come:
                for region in regions:
                    if (account, region) not in stack_set.instances:
                        deploy(stack_set, account, region)


class Responses(responses.CloudFormationResponse):
    def sets(self):
        deploy_by_itself(self.current_account)
        return SETS.setdefault((self.current_account, self.region), {})

    def stack_set(self):
        name = self._get_param("StackSetName")
        if name not in self.sets():
            raise Failure("StackSetNotFoundException", f"StackSet {name} not found")
        return self.sets()[name]

    def settings(self):
        names = ["Description", "TemplateBody", "Parameters", "Capabilities", "Tags", "PermissionModel"]
        settings = {name: self._get_param(name) for name in names}
        settings |= {name: self._get_params().get(name) for name in ["AutoDeployment", "ManagedExecution"]}
        if len(settings["TemplateBody"]) > 51_200:
            raise ValidationError(message="Member must have length less than or equal to 51200")
        return {name: value for name, value in settings.items() if value is not None}

    def places(self):
        targets = self._get_params().get("DeploymentTargets") or {}
        units, chosen = set(targets.get("OrganizationalUnitIds", [])), set(targets.get("Accounts", []))
        if not units:
            raise ValidationError(message="OrganizationalUnitIds are required")
        under = [account for account, _ in accounts_in(self.current_account, units)]
        if chosen:
            if targets.get("AccountFilterType") != "INTERSECTION":
                raise ValidationError(message="AccountFilterType is required")
            under = [account for account in under if account in chosen]
        return units, bool(chosen), [(account, region) for region in self._get_param("Regions") for account in under]

    def operation(self, stack_set, action, places, work):
        identifier = self._get_param("OperationId")
        operate(stack_set, identifier, action, places, work)
        return ActionResult({"OperationId": identifier})

    def activate_organizations_access(self):
        organization(self.current_account).enable_aws_service_access(ServicePrincipal=SERVICE)
        return EmptyResult()

    def create_stack_set(self):
        name = self._get_param("StackSetName")
        if self._get_param("PermissionModel") == "SERVICE_MANAGED" and not has_access(self.current_account):
            raise ValidationError(
                message="You must enable organizations access to operate a service managed stack set"
            )
        if name in self.sets():
            raise Failure("NameAlreadyExistsException", f"StackSet {name} already exists")
        stack_set = StackSet(name)
        stack_set.settings = self.settings()
        self.sets()[name] = stack_set
        return ActionResult({"StackSetId": f"{name}:00000000-0000-4000-8000-000000000000"})

    def update_stack_set(self):
        stack_set = self.stack_set()
        stack_set.settings = self.settings()
        places = sorted(stack_set.instances)
        return self.operation(stack_set, "UPDATE", places, lambda *place: deploy(stack_set, *place))

    def create_stack_instances(self):
        stack_set = self.stack_set()
        units, _, places = self.places()
        stack_set.units |= units
        return self.operation(stack_set, "CREATE", places, lambda *place: deploy(stack_set, *place))

    def update_stack_instances(self):
        stack_set = self.stack_set()
        _, _, places = self.places()
        missing = [place for place in places if place not in stack_set.instances]
        if missing:
            raise Failure("StackInstanceNotFoundException", f"no instance in {missing[0]}")
        return self.operation(stack_set, "UPDATE", places, lambda *place: deploy(stack_set, *place))

    def delete_stack_instances(self):
        stack_set = self.stack_set()
        units, is_filtered, places = self.places()
        retain = self._get_param("RetainStacks") in (True, "true")
        if not is_filtered:
            stack_set.units -= units

        def forget(account, region):
            made = stack_set.instances.pop((account, region), {})
            for name in [] if retain else made:
                drop_role(account, name)

        return self.operation(stack_set, "DELETE", places, forget)

    def detect_stack_set_drift(self):
        stack_set = self.stack_set()
        stack_set.checked = utcnow()
        return self.operation(stack_set, "DETECT_DRIFT", [], None)

    def delete_stack_set(self):
        name = self._get_param("StackSetName")
        if name in self.sets() and self.sets()[name].instances:
            raise Failure("StackSetNotEmptyException", "StackSet is not empty")
        self.sets().pop(name, None)
        return EmptyResult()

    def describe_stack_set(self):
        stack_set = self.stack_set()
        shown = {
            "StackSetName": stack_set.name,
            "Status": "ACTIVE",
            "OrganizationalUnitIds": sorted(stack_set.units),
            **stack_set.settings,
            # moto makes lists of these.
            "Parameters": pairs(stack_set.settings, "Parameters", "ParameterKey", "ParameterValue"),
            "Tags": pairs(stack_set.settings, "Tags", "Key", "Value"),
        }
        return ActionResult({"StackSet": shown})

    def list_stack_sets(self):
        summaries = [
            {
                "StackSetName": stack_set.name,
                "Description": stack_set.settings.get("Description"),
                "Status": "ACTIVE",
                "PermissionModel": stack_set.settings.get("PermissionModel"),
            }
            for stack_set in self.sets().values()
        ]
        return self.page(summaries)

    def list_stack_instances(self):
        stack_set = self.stack_set()
        owners = dict(accounts_in(self.current_account, stack_set.units))
        summaries = []
        for account, region in sorted(stack_set.instances):
            status, detailed, reason = stack_set.statuses.get((account, region), ("CURRENT", "SUCCEEDED", None))
            summaries.append({
                "Account": account,
                "Region": region,
                "Status": status,
                "StatusReason": reason,
                "StackInstanceStatus": {"DetailedStatus": detailed},
                "OrganizationalUnitId": owners.get(account),
                "DriftStatus": "NOT_CHECKED",
            })
        return self.page(summaries)

    def list_stack_set_operations(self):
        return self.page(self.stack_set().operations)

    def page(self, summaries):
        start = int(self._get_param("NextToken") or 0)
        end = start + min(int(self._get_param("MaxResults") or PAGE_SIZE), PAGE_SIZE)
        token = str(end) if end < len(summaries) else None
        return ActionResult({"Summaries": summaries[start:end], "NextToken": token})


def install():
    for name, method in vars(Responses).items():
        if callable(method):
            setattr(responses.CloudFormationResponse, name, method)
