"""Logs in at the quickstart, and verifies the access token with PyJWT through the JWKS.

    python3 verify.py http://127.0.0.1:8080 ES256
"""

import json
import sys
import urllib.request

import jwt

url, alg = sys.argv[1:]


def login(name, password):
    request = urllib.request.Request(
        url + "/login/token",
        data=json.dumps({"name": name, "password": password}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def verify(token, audience="quickstart"):
    key = jwt.PyJWKClient(url + "/.well-known/jwks.json").get_signing_key_from_jwt(token)
    return jwt.decode(
        token,
        key.key,
        algorithms=[alg],
        audience=audience,
        issuer="https://quickstart.example",
        options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
    )


def refused(error, *args):
    try:
        verify(*args)
    except error:
        return True
    return False


token = login("ann", "ann-likes-tea")["access_token"]
header = jwt.get_unverified_header(token)
assert header["typ"] == "at+jwt" and header["alg"] == alg, header
assert verify(token)["sub"] == "ann"

assert refused(jwt.InvalidAudienceError, token, "somebody else")
start, signature = token.rsplit(".", 1)
other = ("B" if signature[0] == "A" else "A") + signature[1:]
assert refused(jwt.InvalidSignatureError, start + "." + other)
