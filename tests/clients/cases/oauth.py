# ABOUT: OAuth libraries: requests-oauthlib and Authlib log in, refresh, and report a wrong password
# REQUIRES: python
# RUN: OAUTHLIB_INSECURE_TRANSPORT=1 python3 oauth.py

import json
import os
import urllib.request

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

API = os.environ["API"]
LOGIN, REFRESH, ME = f"{API}/auth/login", f"{API}/auth/refresh", f"{API}/auth/me"
PASSWORD, WRONG = "correct horse battery staple", "not this one"


def register(email):
    body = json.dumps({"email": email, "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{API}/auth/register", body, headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 201


def failure(kind, call, **options):
    """The error that a library makes of an answer."""
    try:
        call(**options)
    except kind as error:
        return error
    raise AssertionError("it succeeds")


def requests_oauthlib(email):
    session = OAuth2Session(client=LegacyApplicationClient(client_id="app"))
    wrong = failure(
        InvalidGrantError, session.fetch_token, token_url=LOGIN, username=email, password=WRONG
    )
    assert "password" in wrong.description, wrong.description
    pair = session.fetch_token(LOGIN, username=email, password=PASSWORD)
    assert session.get(ME).json()["email"] == email
    renewed = session.refresh_token(REFRESH)
    assert renewed["access_token"] != pair["access_token"]
    assert session.get(ME).json()["email"] == email
    unknown = failure(
        InvalidGrantError, session.refresh_token, token_url=REFRESH, refresh_token="not one"
    )
    assert unknown.description


def authlib(email):
    session = AuthlibSession("app")
    wrong = failure(OAuthError, session.fetch_token, url=LOGIN, username=email, password=WRONG)
    assert wrong.error == "invalid_grant", wrong
    assert "password" in wrong.description, wrong
    pair = dict(session.fetch_token(LOGIN, username=email, password=PASSWORD))
    assert session.get(ME).json()["email"] == email
    renewed = session.refresh_token(REFRESH, pair["refresh_token"])
    assert renewed["access_token"] != pair["access_token"]
    assert session.get(ME).json()["email"] == email
    unknown = failure(OAuthError, session.refresh_token, url=REFRESH, refresh_token="not one")
    assert unknown.error == "invalid_grant" and unknown.description, unknown


for library in (requests_oauthlib, authlib):
    address = f"{library.__name__}@example.com"
    register(address)
    library(address)
