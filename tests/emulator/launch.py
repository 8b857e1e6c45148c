"""Starts moto's server, with the rules of `organizations.py` and the files beside it, on a free port of 127.0.0.1.

Prints one line of JSON, `{"port": …, "pid": …}`, when it listens, and ends when its standard input does, so that no
server outlives the tests that started it.

Beside AWS's API it answers on `/emulator/`:

  POST /emulator/organization    makes an organization in a management account of its own; the body says
                                 how many accounts each OU holds, and if listings of accounts say where each
                                 account is: {"units": {"/A/B": 3, …}, "paths": false}
  POST /emulator/region          opens a Region for an organization: {"account": its management account,
                                 "region": "mx-central-1"}
  POST /emulator/root            gives the root user of an account an access key: {"account": …}
  GET  /emulator/calls?account=  the operations of Organizations that a management account has called, in order
"""

import collections
import json
import logging
import os
import sys
import threading
from urllib.parse import parse_qs

import account
import cloudtrail
import cloudformation
import iam
import organizations
import s3
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.organizations.models import organizations_backends
from werkzeug.serving import WSGIRequestHandler, make_server

PARTITION = "aws"
REGION = "us-east-1"
FIRST_MANAGEMENT_ACCOUNT = 100_000_000_001

owners = organizations.install()
iam.install()
account.install()
cloudtrail.install()
cloudformation.install()
s3.install()
calls = collections.defaultdict(list)
next_management_account = FIRST_MANAGEMENT_ACCOUNT


def make_organization(request):
    """An organization with `units`: how many accounts each OU path holds, "/" being the root."""
    global next_management_account
    with organizations.LOCK:
        management = str(next_management_account)
        next_management_account += 1
        backend = organizations_backends[management][PARTITION]
        backend.create_organization(region=REGION)
        backend.paths_are_listed = request["paths"]
        units = {"/": backend.org.root_id}
        accounts = {}
        for path, count in request["units"].items():
            parent = make_units(backend, units, path)
            accounts[path] = [make_account(backend, parent, path, number) for number in range(count)]
        return {
            "organization": backend.org.id,
            "managementAccount": management,
            "root": backend.org.root_id,
            "units": units,
            "accounts": accounts,
            **make_key(management),
        }


def make_units(backend, units, path):
    """The id of the OU at `path`, made with everything above it if it is not there."""
    if path not in units:
        above, _, name = path.rpartition("/")
        parent = make_units(backend, units, above or "/")
        made = backend.create_organizational_unit(ParentId=parent, Name=name)
        units[path] = made["OrganizationalUnit"]["Id"]
    return units[path]


def make_account(backend, parent, path, number):
    name = f"{path.strip('/').replace('/', '-').lower() or 'root'}-{number}"
    status = backend.create_account(AccountName=name, Email=f"{name}@example.com")
    made = status["CreateAccountStatus"]["AccountId"]
    if parent != backend.org.root_id:
        backend.move_account(made, backend.org.root_id, parent)
    return made


def make_key(owner):
    """A real key of a real user: moto finds the account by it, as AWS does."""
    backend = iam_backends[owner][PARTITION]
    backend.create_user(REGION, "palisade")
    key = backend.create_access_key("palisade")
    owners[key.access_key_id] = owner
    return {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}


class Application:
    """moto, with a record of who called what, and the controls above."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/emulator/organization":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return self.answer(make_organization(json.loads(body)), start_response)
        if path == "/emulator/region":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return self.answer(account.open_region(json.loads(body)), start_response)
        if path == "/emulator/root":
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return self.answer(iam.give_root_a_key(json.loads(body)), start_response)
        if path == "/emulator/calls":
            caller = parse_qs(environ["QUERY_STRING"])["account"][0]
            return self.answer(calls[caller], start_response)
        self.record(environ)
        return self.moto(environ, start_response)

    @staticmethod
    def record(environ):
        service, _, operation = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")
        credential = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2]
        caller = owners.get(credential.partition("/")[0])
        if service.startswith("AWSOrganizations") and caller:
            calls[caller].append(operation)

    @staticmethod
    def answer(value, start_response):
        body = json.dumps(value).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]


def end_with_input():
    sys.stdin.read()
    os._exit(0)


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    server = make_server("127.0.0.1", 0, Application(), threaded=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    print(json.dumps({"port": server.server_port, "pid": os.getpid()}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
