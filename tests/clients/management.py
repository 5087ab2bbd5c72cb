"""Drives the sandbox with Kinde's own Python client, which checks every answer by its own models.

python management.py READY_FILE http|https
"""
import json
import sys
import urllib.parse
import urllib.request

from kinde_sdk.management import ManagementClient
from kinde_sdk.management.api.connected_apps_api import ConnectedAppsApi
from kinde_sdk.management.api.environments_api import EnvironmentsApi
from kinde_sdk.management.api.search_api import SearchApi
from kinde_sdk.management.api.users_api import UsersApi

with open(sys.argv[1], encoding="utf-8") as file:
    ready = json.load(file)["ready"]
base = ready["https"] if sys.argv[2] == "https" else ready["issuer"]
client = ManagementClient(
    domain=base.split("://")[1], client_id=ready["client_id"], client_secret=ready["client_secret"]
)
if sys.argv[2] == "http":
    # The client is made for https alone; these two attributes are public.
    client.token_manager.token_url = base + "/oauth2/token"
    client.configuration.host = base
api = client.api_client

assert EnvironmentsApi(api).get_environment().environment.is_live is False
users = UsersApi(api).get_users(page_size=2)
assert len(users.users) == 2 and users.next_token
ada = SearchApi(api).search_users(query="ada@example.com").results[0]
assert ada.first_name == "Ada"

apps = ConnectedAppsApi(api)
for app in ready["connected_apps"]:
    auth = apps.get_connected_app_auth_url(key_code_ref=app["key"], user_id=ada.id)
    try:
        apps.get_connected_app_token(session_id=auth.session_id)
        raise SystemExit("a token before consent")
    except Exception as error:  # the client has a class for each status
        assert getattr(error, "status", None) == 400, error
    form = urllib.parse.urlencode({"decision": "allow"}).encode()
    with urllib.request.urlopen(auth.url, data=form) as landed:
        assert auth.session_id in landed.url
    token = apps.get_connected_app_token(session_id=auth.session_id)
    assert token.access_token and token.access_token_expiry
    assert apps.revoke_connected_app_token(session_id=auth.session_id).code == "OK"
print(f"  environment, users, search, {len(ready['connected_apps'])} connected apps: good")
