"""moto's AWS Organizations with the rules of the real one.

moto accepts almost everything. Here its backend refuses what AWS refuses, with AWS's error codes and reasons, and
pages what AWS pages. Numbers are those of the AWS Organizations User Guide, "Quotas and service limits", read 2026-11.
What stays different from AWS: nothing is throttled, nothing is asynchronous, nothing is eventually consistent, and no
policy is ever evaluated.
"""

import functools
import json
import threading

from moto.core.exceptions import InvalidToken
from moto.iam import models as iam_models
from moto.organizations import models, responses, utils
from moto.organizations.exceptions import OrganizationsClientError

PAGE_SIZE = 20
OU_DEPTH_MAX = 5
TAGS_MAX = 50
SCP = "SERVICE_CONTROL_POLICY"
RCP = "RESOURCE_CONTROL_POLICY"

# Type: (characters in one policy, policies attached directly to one target).
POLICY_TYPES = {
    SCP: (10_240, 10),
    RCP: (5_120, 5),
    "TAG_POLICY": (10_000, 10),
    "BACKUP_POLICY": (10_000, 10),
    "AISERVICES_OPT_OUT_POLICY": (2_500, 5),
    "DECLARATIVE_POLICY_EC2": (10_000, 10),
    "CHATBOT_POLICY": (10_000, 5),
    "SECURITYHUB_POLICY": (10_000, 10),
    "SECURITYHUB_CSPM_POLICY": (10_000, 10),
    "INSPECTOR_POLICY": (10_000, 10),
    "UPGRADE_ROLLOUT_POLICY": (10_000, 10),
    "BEDROCK_POLICY": (10_000, 10),
    "S3_POLICY": (10_000, 10),
    "NETWORK_SECURITY_DIRECTOR_POLICY": (10_000, 10),
    "GUARDDUTY_POLICY": (10_000, 10),
}

# What AWS attaches to everything when the type is switched on.
FULL_ACCESS = {SCP: utils.DEFAULT_SCP_POLICY_ID, RCP: utils.DEFAULT_RCP_POLICY_ID}

# What a member account may call; everything else is the management account's.
FOR_MEMBERS = {"describe_organization"}

LOCK = threading.RLock()


def failure(code, message, reason=None):
    error = OrganizationsClientError(code, message)
    if reason:
        error.Reason = reason
    return error


def limit(reason, message):
    return failure("ConstraintViolationException", message, reason)


def invalid(reason, message):
    return failure("InvalidInputException", message, reason)


# --- finding things, with the error code the operation has for what is missing ---


def entities(self):
    """Everything a policy can be attached to: root, OUs, accounts."""
    return [*self.ou, *self.accounts]


def unit_or(self, identifier, code):
    unit = next((unit for unit in self.ou if unit.id == identifier), None)
    if unit is None:
        raise failure(code, "You specified a root or an OU that doesn't exist.")
    return unit


def target(self, identifier):
    found = next((entity for entity in entities(self) if entity.id == identifier), None)
    if found is None:
        raise failure("TargetNotFoundException", "You specified a target that doesn't exist.")
    return found


def policy_of(self, identifier):
    policy = next((policy for policy in self.policies if policy.id == identifier), None)
    if policy is None:
        raise failure("PolicyNotFoundException", "You specified a policy that doesn't exist.")
    return policy


def root(self):
    return next(unit for unit in self.ou if isinstance(unit, models.FakeRoot))


def enabled_types(self):
    return {entry["Type"] for entry in root(self).policy_types}


def lineage(self, unit):
    """The OU and what it lies in, up to the root."""
    found = [unit]
    while found[-1].parent_id:
        found.append(unit_or(self, found[-1].parent_id, "ParentNotFoundException"))
    return found


# --- attachments ---


def link(policy, entity):
    if policy not in entity.attached_policies:
        entity.attached_policies.append(policy)
        policy.attachments.append(entity)


def unlink(policy, entity):
    entity.attached_policies.remove(policy)
    policy.attachments.remove(entity)


def of_type(entity, policy_type):
    return [policy for policy in entity.attached_policies if policy.type == policy_type]


def give_full_access(self, entity):
    for policy_type, identifier in FULL_ACCESS.items():
        if policy_type in enabled_types(self):
            link(policy_of(self, identifier), entity)


def attach_policy(self, PolicyId, TargetId):
    policy, entity = policy_of(self, PolicyId), target(self, TargetId)
    if policy.type not in enabled_types(self):
        raise failure("PolicyTypeNotEnabledException", "This policy type is not enabled.")
    if policy in entity.attached_policies:
        raise failure("DuplicatePolicyAttachmentException", "The policy is already attached.")
    if len(of_type(entity, policy.type)) >= POLICY_TYPES[policy.type][1]:
        raise limit("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "Too many policies are attached.")
    link(policy, entity)


def detach_policy(self, PolicyId, TargetId):
    policy, entity = policy_of(self, PolicyId), target(self, TargetId)
    if policy not in entity.attached_policies:
        raise failure("PolicyNotAttachedException", "The policy isn't attached to the target.")
    if policy.id == utils.DEFAULT_RCP_POLICY_ID:
        raise invalid("NON_DETACHABLE_POLICY", "You can't detach this AWS managed policy.")
    if policy.type == SCP and len(of_type(entity, SCP)) == 1:
        raise limit("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED", "The last policy cannot be detached.")
    unlink(policy, entity)


def list_targets_for_policy(self, PolicyId):
    return [
        {"TargetId": entity.id, "Arn": entity.arn, "Name": entity.name, "Type": entity.type}
        for entity in policy_of(self, PolicyId).attachments
    ]


def list_policies_for_target(self, target_id, policy_type):
    known_type(policy_type)
    policies = of_type(target(self, target_id), policy_type)
    return [policy.describe()["Policy"]["PolicySummary"] for policy in policies]


# --- policies ---


def known_type(policy_type):
    if policy_type not in POLICY_TYPES:
        raise invalid("INVALID_ENUM_POLICY_TYPE", "You specified an invalid policy type.")


def check_content(policy_type, content):
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or (policy_type in FULL_ACCESS and "Statement" not in document):
        raise failure("MalformedPolicyDocumentException", "The policy document is malformed.")
    if len(content) > POLICY_TYPES[policy_type][0]:
        raise limit("POLICY_CONTENT_LIMIT_EXCEEDED", "The policy is too long.")


def check_length(text, characters_min, characters_max):
    if len(text) < characters_min:
        raise invalid("MIN_LENGTH_EXCEEDED", "You provided a string that is too short.")
    if len(text) > characters_max:
        raise invalid("MAX_LENGTH_EXCEEDED", "You provided a string that is too long.")


def check_name(name):
    check_length(name, 1, 128)


def check_description(description):
    check_length(description, 0, 512)


def check_tags(present, added):
    if any(tag["Key"].lower().startswith("aws:") for tag in added):
        raise invalid("INVALID_SYSTEM_TAGS_PARAMETER", "You can't add, edit, or delete system tags.")
    if len({*present, *(tag["Key"] for tag in added)}) > TAGS_MAX:
        raise limit("MAX_TAG_LIMIT_EXCEEDED", "There are too many tags.")


def name_is_free(self, policy_type, name, besides=None):
    for policy in self.policies:
        if (policy.type, policy.name) == (policy_type, name) and policy is not besides:
            raise failure("DuplicatePolicyException", "A policy with the same name already exists.")


def changeable(policy):
    if policy.aws_managed:
        raise invalid("IMMUTABLE_POLICY", "You specified a policy that is managed by AWS.")
    return policy


def create_policy(self, **request):
    known_type(request["Type"])
    check_name(request["Name"])
    check_description(request["Description"])
    check_tags({}, request.get("Tags", []))
    check_content(request["Type"], request["Content"])
    name_is_free(self, request["Type"], request["Name"])
    # moto knows the ARNs of four types only; the others are made as one of these and renamed.
    policy = models.FakePolicy(self.org, **{**request, "Type": SCP})
    policy.type = request["Type"]
    policy._arn_format = utils.SCP_ARN_FORMAT.replace(SCP.lower(), policy.type.lower())
    self.policies.append(policy)
    return policy.describe()


def update_policy(self, PolicyId, Name=None, Description=None, Content=None):
    policy = changeable(policy_of(self, PolicyId))
    if Content is not None:
        check_content(policy.type, Content)
    if Name is not None:
        check_name(Name)
        name_is_free(self, policy.type, Name, besides=policy)
    if Description is not None:
        check_description(Description)
    policy.content = policy.content if Content is None else Content
    policy.name = policy.name if Name is None else Name
    policy.description = policy.description if Description is None else Description
    return policy.describe()


def delete_policy(self, PolicyId):
    policy = changeable(policy_of(self, PolicyId))
    if policy.attachments:
        raise failure("PolicyInUseException", "The policy is attached to one or more entities.")
    self.policies.remove(policy)


def enable_policy_type(self, RootId, PolicyType):
    known_type(PolicyType)
    top = self._get_root_by_id(RootId)
    if PolicyType in enabled_types(self):
        raise failure("PolicyTypeAlreadyEnabledException", "The policy type is already enabled.")
    top.policy_types.append({"Type": PolicyType, "Status": "ENABLED"})
    for entity in entities(self):
        give_full_access(self, entity)
    return {"Root": top.describe()}


def disable_policy_type(self, RootId, PolicyType):
    known_type(PolicyType)
    top = self._get_root_by_id(RootId)
    if PolicyType not in enabled_types(self):
        raise failure("PolicyTypeNotEnabledException", "The policy type is not enabled.")
    top.policy_types.remove({"Type": PolicyType, "Status": "ENABLED"})
    for entity in entities(self):
        for policy in of_type(entity, PolicyType):
            unlink(policy, entity)
    return {"Root": top.describe()}


# --- the tree ---


def create_organization(original):
    def create(self, region, **request):
        # moto attaches both full-access policies on its own; AWS attaches those of the types that are on.
        self.attach_policy = lambda PolicyId, TargetId: None
        try:
            answer = original(self, region, **request)
        finally:
            del self.attach_policy
        enable_policy_type(self, self.org.root_id, SCP)
        return answer

    return create


def create_organizational_unit(self, ParentId, Name, Tags=()):
    check_name(Name)
    check_tags({}, Tags)
    parent = unit_or(self, ParentId, "ParentNotFoundException")
    unit_name_is_free(self, ParentId, Name)
    if len(lineage(self, parent)) > OU_DEPTH_MAX:
        raise limit("OU_DEPTH_LIMIT_EXCEEDED", "The tree of OUs is too deep.")
    unit = models.FakeOrganizationalUnit(self.org, ParentId=ParentId, Name=Name, Tags=Tags)
    self.ou.append(unit)
    give_full_access(self, unit)
    return unit.describe()


def unit_name_is_free(self, parent_id, name):
    if any((unit.parent_id, unit.name) == (parent_id, name) for unit in self.ou):
        raise failure("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")


def update_organizational_unit(self, OrganizationalUnitId, Name):
    unit = unit_or(self, OrganizationalUnitId, "OrganizationalUnitNotFoundException")
    unit_name_is_free(self, unit.parent_id, Name)
    unit.name = Name
    return unit.describe()


def delete_organizational_unit(self, OrganizationalUnitId):
    unit = unit_or(self, OrganizationalUnitId, "OrganizationalUnitNotFoundException")
    if any(child.parent_id == unit.id for child in entities(self)):
        raise failure("OrganizationalUnitNotEmptyException", "The OU is not empty.")
    for policy in list(unit.attached_policies):
        unlink(policy, unit)
    self.ou.remove(unit)


def create_account(self, **request):
    account = models.FakeAccount(self.org, **request)
    self.accounts.append(account)
    give_full_access(self, account)
    models.organizations_backends.master_accounts[account.id] = (self.account_id, self.partition)
    return account.create_account_status


def move_account(self, AccountId, SourceParentId, DestinationParentId):
    account = self.get_account_by_id(AccountId)
    unit_or(self, SourceParentId, "SourceParentNotFoundException")
    unit_or(self, DestinationParentId, "DestinationParentNotFoundException")
    if account.parent_id == DestinationParentId:
        raise failure("DuplicateAccountException", "The account is already in the destination.")
    if account.parent_id != SourceParentId:
        raise failure("AccountNotFoundException", "The account isn't in the source.")
    account.parent_id = DestinationParentId


def described(self, account):
    answer = account.describe()
    # AWS says where each account is; other partitions and emulators may not, and moto does not.
    if getattr(self, "paths_are_listed", False):
        above = lineage(self, unit_or(self, account.parent_id, "ParentNotFoundException"))
        steps = [self.org.id, *(unit.id for unit in reversed(above)), account.id]
        answer["Paths"] = ["/".join(steps) + "/"]
    return answer


def list_accounts(self):
    return [described(self, account) for account in self.accounts]


def list_accounts_for_parent(self, parent_id):
    unit_or(self, parent_id, "ParentNotFoundException")
    return [account for account in self.accounts if account.parent_id == parent_id]


def tag_resource(self, ResourceId, Tags):
    resource = self._get_resource_for_tagging(ResourceId)
    check_tags(resource.tags, Tags)
    resource.tags.update({tag["Key"]: tag["Value"] for tag in Tags})


def list_tags_for_resource(self, ResourceId):
    tags = self._get_resource_for_tagging(ResourceId).tags
    return [{"Key": key, "Value": value} for key, value in tags.items()]


# --- services and their delegated administrators ---


def register_delegated_administrator(self, AccountId, ServicePrincipal):
    if AccountId == self.account_id:
        raise limit("CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR", "Not the management account.")
    account = self.get_account_by_id(AccountId)
    if not any(service["ServicePrincipal"] == ServicePrincipal for service in self.services):
        raise limit("SERVICE_ACCESS_NOT_ENABLED", "Service access is not enabled.")
    if account.state != "ACTIVE":
        raise limit("CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR", "The account is suspended.")
    admin = next((admin for admin in self.admins if admin.account is account), None)
    if admin is None:
        admin = models.FakeDelegatedAdministrator(account)
        self.admins.append(admin)
    admin.add_service_principal(ServicePrincipal)


def deregister_delegated_administrator(self, AccountId, ServicePrincipal):
    account = self.get_account_by_id(AccountId)
    admin = next((admin for admin in self.admins if admin.account is account), None)
    if admin is None or ServicePrincipal not in admin.services:
        raise models.AccountNotRegisteredException
    admin.remove_service_principal(ServicePrincipal)
    if not admin.services:
        self.admins.remove(admin)


def list_delegated_administrators(self, ServicePrincipal=None, **_):
    admins = [
        admin.describe()
        for admin in self.admins
        if ServicePrincipal is None or ServicePrincipal in admin.services
    ]
    return {"DelegatedAdministrators": admins}


def disable_aws_service_access(self, ServicePrincipal):
    self.services = [entry for entry in self.services if entry["ServicePrincipal"] != ServicePrincipal]
    for admin in list(self.admins):
        admin.services.pop(ServicePrincipal, None)
        if not admin.services:
            self.admins.remove(admin)


def is_service_principal(name):
    return name.endswith(".amazonaws.com")


# --- putting it in place ---


def for_management_account(function):
    """One request at a time, and none of a member account that only the management account may send."""

    @functools.wraps(function)
    def guarded(self, *args, **kwargs):
        with LOCK:
            if self.org is None and function.__name__ not in FOR_MEMBERS:
                if self.account_id in models.organizations_backends.master_accounts:
                    raise failure("AccessDeniedException", "You don't have permissions to do this.")
                raise models.AWSOrganizationsNotInUseException
            try:
                return function(self, *args, **kwargs)
            except InvalidToken:
                raise invalid("INVALID_NEXT_TOKEN", "Get the NextToken from the previous answer.") from None

    return guarded


def paged(name, unique):
    """A listing in pages of 20, as moto pages some and not others."""
    utils.PAGINATION_MODEL[name] = {
        "input_token": "next_token",
        "limit_key": "max_results",
        "limit_default": PAGE_SIZE,
        "unique_attribute": unique,
    }
    return models.paginate(pagination_model=utils.PAGINATION_MODEL)(globals()[name])


def page_of(listing, items, parameter):
    """The answer to a listing that moto does not page."""

    def respond(self):
        page, next_token = getattr(self.organizations_backend, listing)(
            max_results=self._get_int_param("MaxResults"),
            next_token=self._get_param("NextToken"),
            **{parameter: self._get_param(parameter)},
        )
        return json.dumps({items: page, "NextToken": next_token})

    return respond


def remember_keys():
    """Who owns an access key: a dictionary instead of moto's walk through every account."""
    owners = {}
    walk = iam_models.get_account_id_from

    def account_of(access_key):
        if access_key not in owners:
            owners[access_key] = walk(access_key)
        return owners[access_key]

    iam_models.get_account_id_from = account_of
    return owners


def install():
    backend = models.OrganizationsBackend
    backend.create_organization = create_organization(backend.create_organization)
    for function in [
        attach_policy,
        detach_policy,
        create_policy,
        update_policy,
        delete_policy,
        enable_policy_type,
        disable_policy_type,
        create_organizational_unit,
        update_organizational_unit,
        delete_organizational_unit,
        create_account,
        move_account,
        tag_resource,
        register_delegated_administrator,
        deregister_delegated_administrator,
        list_delegated_administrators,
        disable_aws_service_access,
    ]:
        setattr(backend, function.__name__, for_management_account(function))
    for name, unique in [
        ("list_accounts", "Id"),
        ("list_accounts_for_parent", "id"),
        ("list_targets_for_policy", "TargetId"),
        ("list_policies_for_target", "Id"),
        ("list_tags_for_resource", "Key"),
    ]:
        setattr(backend, name, for_management_account(paged(name, unique)))
    for name in [
        "list_policies",
        "describe_policy",
        "list_organizational_units_for_parent",
        "list_roots",
        "untag_resource",
        "enable_aws_service_access",
        "list_aws_service_access_for_organization",
        "describe_organization",
    ]:
        setattr(backend, name, for_management_account(getattr(backend, name)))
    for name, items, parameter in [
        ("list_targets_for_policy", "Targets", "PolicyId"),
        ("list_tags_for_resource", "Tags", "ResourceId"),
    ]:
        setattr(responses.OrganizationsResponse, name, page_of(name, items, parameter))
    models.FakePolicy.SUPPORTED_POLICY_TYPES = list(POLICY_TYPES)
    models.FakeServiceAccess.trusted_service = staticmethod(is_service_principal)
    models.FakeDelegatedAdministrator.supported_service = staticmethod(is_service_principal)
    return remember_keys()
