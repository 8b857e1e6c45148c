"""moto's IAM with a few of the policies that AWS manages.

moto holds none unless it is told to hold all of them, 1,300 in every account: that is minutes and gigabytes for an
organization.
"""

import json

from moto.iam import models

MANAGED = ["AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess", "SecurityAudit"]


def install():
    everything = json.loads(models.aws_managed_policies_data)
    some = {name: everything[name] for name in MANAGED}

    def managed(self):
        return [
            models.AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
            for name, policy in some.items()
        ]

    models.IAMBackend._init_aws_policies = managed
