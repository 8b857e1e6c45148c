"""moto's IAM with a few of the policies that AWS manages, and with central root access and
service-specific credentials.

moto holds none unless it is told to hold all of them, 1,300 in every account: that is minutes and gigabytes for an
organization.
"""

import json
from datetime import datetime, timezone

from moto.core.responses import ActionResult
from moto.iam import models, responses
from moto.iam.exceptions import IAMException
from moto.organizations.models import organizations_backends

PARTITION = "aws"
SERVICE = "iam.amazonaws.com"

MANAGED = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit"]


# The features of central root access that are on, by management account.
features = {}


class ServiceAccessNotEnabled(IAMException):
    code = "ServiceAccessNotEnabledException"


class NoSuchCredential(IAMException):
    code = "NoSuchEntity"


def answer(self):
    backend = organizations_backends[self.current_account][PARTITION]
    if not any(service["ServicePrincipal"] == SERVICE for service in backend.services):
        raise ServiceAccessNotEnabled("Trusted access of iam.amazonaws.com is not enabled.")
    on = sorted(features.get(self.current_account, set()))
    return ActionResult({"OrganizationId": backend.org.id, "EnabledFeatures": on})


def turn(feature, is_on):
    def respond(self):
        answer(self)
        on = features.setdefault(self.current_account, set())
        on.add(feature) if is_on else on.discard(feature)
        return answer(self)

    return respond


def give_root_a_key(request):
    """Somebody makes an access key for the root user of an account."""
    backend = models.iam_backends[request["account"]][PARTITION]
    backend.account_summary._account_access_keys_present = 1
    return {}


# Service-specific credentials, which moto has none of: by id within account and user.
credentials = {}


def credentials_of(self):
    return credentials.setdefault((self.current_account, self._get_param("UserName")), {})


def list_service_specific_credentials(self):
    return ActionResult({"ServiceSpecificCredentials": list(credentials_of(self).values())})


def make_service_specific_credential(self):
    number = f"ACCAEMULATED{len(credentials):08}"
    made = {
        "UserName": self._get_param("UserName"),
        "Status": "Active",
        "ServiceUserName": "emulated",
        "ServiceName": self._get_param("ServiceName"),
        "CreateDate": datetime.now(timezone.utc),
        "ServiceSpecificCredentialId": number,
    }
    credentials_of(self)[number] = made
    return ActionResult({"ServiceSpecificCredential": made})


def credential_of(self):
    found = credentials_of(self).get(self._get_param("ServiceSpecificCredentialId"))
    if not found:
        raise NoSuchCredential("The credential cannot be found.")
    return found


def update_service_specific_credential(self):
    credential_of(self)["Status"] = self._get_param("Status")
    return ActionResult({})


def delete_service_specific_credential(self):
    del credentials_of(self)[credential_of(self)["ServiceSpecificCredentialId"]]
    return ActionResult({})


def install():
    response = responses.IamResponse
    response.list_service_specific_credentials = list_service_specific_credentials
    response.create_service_specific_credential = make_service_specific_credential
    response.update_service_specific_credential = update_service_specific_credential
    response.delete_service_specific_credential = delete_service_specific_credential
    response.list_organizations_features = answer
    for verb, is_on in [("enable", True), ("disable", False)]:
        for name, feature in [
            ("root_credentials_management", "RootCredentialsManagement"),
            ("root_sessions", "RootSessions"),
        ]:
            setattr(response, f"{verb}_organizations_{name}", turn(feature, is_on))
    everything = json.loads(models.aws_managed_policies_data)
    some = {name: everything[name] for name in MANAGED}

    def managed(self):
        return [
            models.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
            for name, policy in some.items()
        ]

    models.IAMBackend._init_aws_policies = managed
