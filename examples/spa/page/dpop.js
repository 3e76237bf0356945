// Calls of another service, with a token that is bound to a key (RFC 9449). The key cannot be exported:
// what is copied out of this page, by a script or from memory, opens nothing without it. This file keeps
// the key and the token for as long as the page is open; the session is in the cookies, as everywhere here.

import { ask } from "./session.js";

let keys; // of this page
let token; // as a promise, so that requests at the same time ask for one
let nonce; // for the next proof

export const keyPair = () => (keys ??= crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]));

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const utf8 = (text) => new TextEncoder().encode(text);
const json = (value) => base64url(utf8(JSON.stringify(value)));

// proof proves that this page has the key, for one request. access is its token, if it has one.
async function proof(method, path, access) {
  const { privateKey, publicKey } = await keyPair();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  const claims = { jti: crypto.randomUUID(), htm: method, htu: new URL(path, location).href, iat: Math.floor(Date.now() / 1000), nonce };
  if (access) claims.ath = base64url(await crypto.subtle.digest("SHA-256", utf8(access)));
  const text = `${json({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } })}.${json(claims)}`;
  return `${text}.${base64url(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, utf8(text)))}`;
}

// proved calls send with a proof, and once more if the server refuses that and offers another nonce.
async function proved(method, path, access, send) {
  for (let attempt = 0; ; attempt++) {
    const used = nonce;
    const answer = await send({ DPoP: await proof(method, path, access) });
    nonce = answer.headers?.get("DPoP-Nonce") ?? nonce;
    if (answer.status !== 401 || nonce === used || attempt > 0) return answer;
  }
}

// grant asks for a token, which the cookie of the session opens the way to.
async function grant() {
  const answer = await proved("POST", "/api/token", null, (headers) => ask("POST", "/api/token", undefined, headers));
  if (!answer.ok) throw answer;
  return answer.data.access_token;
}

// callService sends a request to the service, and asks for another token once if this one is no longer
// good. It returns an answer as ask does.
export async function callService(method, path) {
  for (let attempt = 0; ; attempt++) {
    try {
      const access = await (token ??= grant());
      const answer = await proved(method, path, access, (headers) => ask(method, path, undefined, { ...headers, Authorization: `DPoP ${access}` }));
      if (answer.status !== 401 || attempt > 0) return answer;
    } catch (answer) {
      token = undefined;
      if (answer.status === undefined) throw answer; // a mistake in this page
      return answer;
    }
    token = undefined;
  }
}

// forgetToken is for a logout.
export const forgetToken = () => (token = undefined);
