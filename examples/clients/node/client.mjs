// Logs in at the quickstart and does what clients and other services do: verifies the access
// token with jose, and refreshes, introspects and revokes with oauth4webapi.
//
//   node client.mjs http://127.0.0.1:8080 ES256

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node 18 has it under this name only
const jose = await import("jose");
const oauth = await import("oauth4webapi");

const [url, alg] = process.argv.slice(2);
const issuer = "https://quickstart.example";
const audience = "quickstart";

async function login(name, password) {
  const response = await fetch(`${url}/login/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, password }),
  });
  assert.equal(response.status, 200);
  return response.json();
}

// jose: a service that is shown a token.

async function verify(token) {
  const keys = jose.createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  const expected = { issuer, audience, typ: "at+jwt", algorithms: [alg], requiredClaims: ["exp", "iat", "jti", "sid", "client_id"] };
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, expected);
  assert.equal(payload.sub, "ann");
  assert.equal(protectedHeader.alg, alg);

  await assert.rejects(jose.jwtVerify(token, keys, { ...expected, audience: "somebody else" }), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
  const [header, claims, signature] = token.split(".");
  const other = (signature[0] === "A" ? "B" : "A") + signature.slice(1);
  await assert.rejects(jose.jwtVerify([header, claims, other].join("."), keys, expected), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
}

// oauth4webapi: a client that lives with its tokens.

const server = {
  issuer,
  token_endpoint: `${url}/token`,
  revocation_endpoint: `${url}/revoke`,
  introspection_endpoint: `${url}/introspect`,
  jwks_uri: `${url}/.well-known/jwks.json`,
};
const client = { client_id: "node" };
const options = { [oauth.allowInsecureRequests]: true }; // to this machine itself, without TLS

async function refresh(token) {
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), token, options);
  return oauth.processRefreshTokenResponse(server, client, response);
}

// RFC 7662, section 2.1: the one who asks may present a token of its own.
async function introspect(token, admin) {
  const bearer = (_server, _client, _body, headers) => headers.set("authorization", `Bearer ${admin}`);
  const response = await oauth.introspectionRequest(server, client, bearer, token, options);
  return oauth.processIntrospectionResponse(server, client, response);
}

async function revoke(token) {
  const response = await oauth.revocationRequest(server, client, oauth.None(), token, options);
  await oauth.processRevocationResponse(response);
}

// RFC 9068, section 4: what a resource server checks.
async function validate(token) {
  const request = new Request(`${url}/me`, { headers: { Authorization: `Bearer ${token}` } });
  const claims = await oauth.validateJwtAccessToken(server, request, audience, { ...options, signingAlgorithms: [alg] });
  assert.equal(claims.sub, "ann");
}

async function live() {
  const first = await login("ann", "ann-likes-tea");
  const { access_token: admin } = await login("root", "root-likes-keys");

  await verify(first.access_token);
  await validate(first.access_token);

  const [second, again] = await Promise.all([refresh(first.refresh_token), refresh(first.refresh_token)]);
  assert.equal(second.token_type, "bearer"); // oauth4webapi has it in small letters
  assert.equal(second.expires_in, 300);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(again.refresh_token, second.refresh_token);
  const third = await refresh(second.refresh_token);
  await validate(third.access_token);

  for (const token of [third.access_token, third.refresh_token]) {
    const answer = await introspect(token, admin);
    assert.equal(answer.active, true);
    assert.equal(answer.sub, "ann");
    assert.equal(answer.iss, issuer);
  }
  await assert.rejects(introspect(third.access_token, third.access_token), { name: "WWWAuthenticateChallengeError", status: 403 });

  await revoke(third.refresh_token);
  await revoke("junk");
  for (const token of [third.access_token, third.refresh_token, "junk"]) {
    assert.deepEqual({ ...(await introspect(token, admin)) }, { active: false });
  }
  await assert.rejects(refresh(third.refresh_token), { name: "ResponseBodyError", error: "invalid_grant", status: 400 });
}

await live();
