"""moto's CloudTrail with the rules of the real one.

moto takes names only where AWS takes ARNs too, replaces a trail when it is created twice, and knows neither the
selectors of a new trail nor what an organization trail needs ("CloudTrail API Reference", each operation's errors).
"""

import json

from moto.cloudtrail import models
from moto.core.exceptions import JsonRESTError
from moto.organizations.models import organizations_backends
from moto.s3.models import s3_backends

PARTITION = "aws"

# What a trail records until it is told otherwise ("GetEventSelectors").
DEFAULT_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


def expect_organization(self, is_org_trail):
    trusted = [service["ServicePrincipal"] for service in organizations_backends[self.account_id][PARTITION].services]
    if is_org_trail and "cloudtrail.amazonaws.com" not in trusted:
        raise JsonRESTError("CloudTrailAccessNotEnabledException", "Trusted access is not enabled for CloudTrail.")


def expect_bucket(self, bucket, is_org_trail):
    """AWS tries the bucket: its policy must let CloudTrail look at it and write to it."""
    policy = s3_backends[self.account_id][PARTITION].get_bucket(bucket).policy
    statements = json.loads(policy)["Statement"] if policy else []
    allowed = [
        (statement["Action"], statement["Resource"])
        for statement in statements
        if statement["Effect"] == "Allow" and statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    ]
    organization = organizations_backends[self.account_id][PARTITION].org.id if is_org_trail else self.account_id
    lets = any(action == "s3:GetBucketAcl" for action, _ in allowed) and any(
        action == "s3:PutObject" and f"AWSLogs/{organization}/" in resource for action, resource in allowed
    )
    if not lets:
        raise JsonRESTError("InsufficientS3BucketPolicyException", f"Incorrect S3 bucket policy: {bucket}")


def create_trail(moto):
    def create(self, *request):
        name, bucket, is_org_trail = request[0], request[1], request[7]
        if name in self.trails:
            raise JsonRESTError("TrailAlreadyExistsException", f"Trail {name} already exists.")
        expect_organization(self, is_org_trail)
        made = moto(self, *request)
        try:
            expect_bucket(self, bucket, is_org_trail)
        except JsonRESTError:
            del self.trails[name]
            raise
        return made

    return create


def update_trail(moto):
    def update(self, **request):
        expect_organization(self, request["is_organization_trail"])
        expect_bucket(self, request["s3_bucket_name"], request["is_organization_trail"])
        return moto(self, **request)

    return update


def start_logging(self, name):
    self.get_trail(name).start_logging()


def stop_logging(self, name):
    self.get_trail(name).stop_logging()


def delete_trail(self, name):
    del self.trails[self.get_trail(name).trail_name]


def put_event_selectors(self, event_selectors, advanced_event_selectors):
    self.event_selectors = event_selectors or []
    self.advanced_event_selectors = [] if event_selectors else advanced_event_selectors


def get_event_selectors(self):
    if self.advanced_event_selectors:
        return [], self.advanced_event_selectors
    return self.event_selectors or DEFAULT_SELECTORS, []


def put_insight_selectors(self, insight_selectors):
    self.insight_selectors = insight_selectors


def get_insight_selectors(self):
    if not self.insight_selectors:
        raise JsonRESTError("InsightNotEnabledException", "Insights are not enabled for the trail.")
    return self.insight_selectors


def install():
    backend = models.CloudTrailBackend
    backend.create_trail = create_trail(backend.create_trail)
    backend.update_trail = update_trail(backend.update_trail)
    for function in [start_logging, stop_logging, delete_trail]:
        setattr(backend, function.__name__, function)
    for function in [put_event_selectors, get_event_selectors, put_insight_selectors, get_insight_selectors]:
        setattr(models.Trail, function.__name__, function)
