"""moto's Account Management with what it lacks: Regions, and who may speak of which account.

Enabling and disabling a Region takes its time in AWS; here it is over when somebody has looked twice.
"""

import json

from moto.account import models, responses, urls
from moto.core.exceptions import JsonRESTError
from moto.organizations.models import organizations_backends

SERVICE = "account.amazonaws.com"
PARTITION = "aws"

# Regions that somebody has to enable; tests open more.
OPT_IN = {"af-south-1", "ap-east-1", "eu-central-2", "eu-south-1"}
LOOKS = 2

# By account and Region: the state, and how many looks it still takes.
states = {}
opened = {}


class Refused(JsonRESTError):
    pass


def account_of(self):
    """The account that a request is about, which must be the caller's or one it may speak for."""
    own = self.current_account
    other = self._get_param("AccountId")
    if not other:
        return own
    backend = organizations_backends[own][PARTITION]
    if backend.org is None or other == own:
        raise Refused("AccessDeniedException", "You are not authorized to perform this operation.")
    if not any(service["ServicePrincipal"] == SERVICE for service in backend.services):
        raise Refused("AccessDeniedException", "Trusted access of account.amazonaws.com is not enabled.")
    if not any(account.id == other for account in backend.accounts):
        raise Refused("AccessDeniedException", "The account is not in the organization.")
    return other


def regions_of(self):
    return OPT_IN | opened.get(self.current_account, set())


def look(account, region):
    state, looks = states.get((account, region), ("DISABLED", 0))
    if state in ("ENABLING", "DISABLING"):
        looks -= 1
        if looks <= 0:
            state = "ENABLED" if state == "ENABLING" else "DISABLED"
        states[account, region] = (state, looks)
    return state


def region_of(self):
    region = self._get_param("RegionName")
    if region not in regions_of(self):
        raise Refused("ValidationException", "The Region name is not valid.")
    return region


def list_regions(self):
    account = account_of(self)
    wanted = set(self._get_param("RegionOptStatusContains") or [])
    everything = [(name, look(account, name)) for name in sorted(regions_of(self))]
    everything += [("eu-west-1", "ENABLED_BY_DEFAULT"), ("us-east-1", "ENABLED_BY_DEFAULT")]
    shown = [each for each in everything if not wanted or each[1] in wanted]
    start = int(self._get_param("NextToken") or 0)
    # AWS gives up to 50 a page; three show that pages are read.
    page = shown[start : start + 3]
    answer = {"Regions": [{"RegionName": name, "RegionOptStatus": state} for name, state in page]}
    if start + 3 < len(shown):
        answer["NextToken"] = str(start + 3)
    return json.dumps(answer)


def get_region_opt_status(self):
    account, region = account_of(self), region_of(self)
    state = states.get((account, region), ("DISABLED", 0))[0]
    return json.dumps({"RegionName": region, "RegionOptStatus": state})


def turn(begun, done):
    def respond(self):
        account, region = account_of(self), region_of(self)
        state = states.get((account, region), ("DISABLED", 0))[0]
        if state in ("ENABLING", "DISABLING") and state != begun:
            raise Refused("ConflictException", "The Region is being enabled or disabled.")
        if state not in (begun, done):
            states[account, region] = (begun, LOOKS)
        return "{}"

    return respond


def open_region(request):
    """AWS opens a Region for the organization of a management account."""
    opened.setdefault(request["account"], set()).add(request["region"])
    return {}


def install():
    response = responses.AccountResponse
    response._get_account_id = account_of
    response.list_regions = list_regions
    response.get_region_opt_status = get_region_opt_status
    response.enable_region = turn("ENABLING", "ENABLED")
    response.disable_region = turn("DISABLING", "DISABLED")
    for operation in ["listRegions", "getRegionOptStatus", "enableRegion", "disableRegion"]:
        urls.url_paths["{0}/%s$" % operation] = response.dispatch
