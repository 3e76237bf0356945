// Logs in at the quickstart with a proof of a key that no script can read, and uses the tokens that are
// bound to it with three libraries: dpop, oauth4webapi and openid-client.
//
//   node dpop.mjs http://127.0.0.1:8080 [ES256|EdDSA|RS256|PS256]
//
// It prints what a thief could copy from its memory, as JSON: the tokens, and a proof that was used.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto; // Node 18 has it under this name only
const dpop = await import("dpop");
const oauth = await import("oauth4webapi");
const openid = await import("openid-client");
const jose = await import("jose");

const [url, alg = "ES256"] = process.argv.slice(2);
const keys = await dpop.generateKeyPair(alg === "EdDSA" ? "Ed25519" : alg, { extractable: false });
assert.equal(keys.privateKey.extractable, false);
const thumbprint = await jose.calculateJwkThumbprint(await jose.exportJWK(keys.publicKey));
let nonce; // that dpop, which keeps none, is to use

// dpop: proofs, and nothing else.

async function send(path, { token, proof, pair = keys, scheme = "DPoP", ...init } = {}) {
  const method = init.method ?? "GET";
  const headers = new Headers(init.headers);
  proof ??= await dpop.generateProof(pair, `${url}${path}`, method, nonce, token);
  headers.set("DPoP", proof);
  if (token) headers.set("Authorization", `${scheme} ${token}`);
  const response = await fetch(`${url}${path}`, { ...init, method, headers });
  nonce = response.headers.get("DPoP-Nonce") ?? nonce;
  return { response, proof };
}

// withNonce sends again if the server first wanted a nonce.
async function withNonce(path, options) {
  const first = await send(path, options);
  if (!/error="use_dpop_nonce"/.test(first.response.headers.get("WWW-Authenticate") ?? "")) return first;
  assert.equal(first.response.status, 401);
  return send(path, options);
}

async function login(name, password) {
  const { response } = await withNonce("/login/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name, password }),
  });
  const tokens = await response.json();
  assert.equal(response.status, 200, JSON.stringify(tokens));
  assert.equal(tokens.token_type, "DPoP");
  assert.equal(jose.decodeJwt(tokens.access_token).cnf.jkt, thumbprint);
  return tokens;
}

async function withDpop(tokens) {
  const { response, proof } = await withNonce("/me", { token: tokens.access_token });
  assert.equal(response.status, 200);
  const again = await send("/me", { token: tokens.access_token, proof });
  assert.equal(again.response.status, 401);
  const challenge = again.response.headers.get("WWW-Authenticate");
  assert.match(challenge, /^DPoP realm="inga", error="invalid_dpop_proof", algs="ES256 ES384 EdDSA Ed25519 PS256 RS256"$/);
  return proof;
}

// oauth4webapi: a client that lives with its tokens, and with the nonces of each server.

const server = { issuer: "https://quickstart.example", token_endpoint: `${url}/token` };
const client = { client_id: "node" };
const insecure = { [oauth.allowInsecureRequests]: true }; // to this machine itself, without TLS

async function retried(action) {
  try {
    return await action();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return action();
  }
}

async function withOAuth(refreshToken) {
  const handle = oauth.DPoP(client, keys);
  const options = { DPoP: handle, ...insecure };
  const refresh = () =>
    retried(async () => {
      const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options);
      return oauth.processRefreshTokenResponse(server, client, response);
    });
  await refresh();
  const answers = await Promise.all(Array.from({ length: 20 }, refresh));
  assert.equal(new Set(answers.map((a) => a.refresh_token)).size, 1);
  const tokens = answers[0];
  assert.equal(tokens.token_type, "dpop"); // oauth4webapi has it in small letters

  const me = (options) => oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(`${url}/me`), undefined, undefined, options);
  assert.equal((await retried(() => me(options))).status, 200);
  for (const [what, wrong, code] of [
    ["as Bearer", insecure, "invalid_token"],
    ["by another key", { ...insecure, DPoP: oauth.DPoP(client, await oauth.generateKeyPair("ES256")) }, "invalid_dpop_proof"],
  ]) {
    await assert.rejects(
      retried(() => me(wrong)),
      (error) => error.name === "WWWAuthenticateChallengeError" && error.status === 401 && error.cause.some((c) => c.parameters.error === code),
      what,
    );
  }
  const otherKey = { ...insecure, DPoP: oauth.DPoP(client, await oauth.generateKeyPair("ES256")) };
  await assert.rejects(
    retried(async () => {
      const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token, otherKey);
      return oauth.processRefreshTokenResponse(server, client, response);
    }),
    { name: "ResponseBodyError", error: "invalid_dpop_proof", status: 400 },
  );
  return refresh(); // by the owner, still
}

// openid-client: the same, with less to say.

async function withOpenID(refreshToken) {
  const config = new openid.Configuration(server, client.client_id, undefined, openid.None());
  openid.allowInsecureRequests(config);
  const handle = openid.getDPoPHandle(config, keys);
  const tokens = await openid.refreshTokenGrant(config, refreshToken, undefined, { DPoP: handle });
  assert.equal(tokens.token_type, "dpop");
  for (const path of ["/me", "/me?page=2", "/sessions"]) {
    const response = await openid.fetchProtectedResource(config, tokens.access_token, new URL(`${url}${path}`), "GET", undefined, undefined, { DPoP: handle });
    assert.equal(response.status, 200);
  }
  const other = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair("ES256"));
  await assert.rejects(openid.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: other }), { error: "invalid_dpop_proof", status: 400 });
  return tokens;
}

let tokens = await login("ann", "ann-likes-tea");
await withDpop(tokens);
tokens = await withOAuth(tokens.refresh_token);
tokens = await withOpenID(tokens.refresh_token);
const proof = await withDpop(tokens);
console.log(JSON.stringify({ access: tokens.access_token, refresh: tokens.refresh_token, proof }));
