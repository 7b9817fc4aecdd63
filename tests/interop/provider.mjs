// oidc-provider with rotation and reuse detection, over https, and a way in for the tests.
//
//   node provider.mjs PORT CERTIFICATE KEY
//
// GET /test/login/CLIENT?ttl=SECONDS answers with the document of a fresh login: what the flow in
// a browser would end with, made through the provider's own classes. The next token requests wait
// after /test/hold until /test/release. /test/requests is how many token requests there were.
// /test/lose/stall and /test/lose/cut lose the reply to the next one, after all has been saved that
// belongs to it: it is kept back until the connection ends, or the connection is cut. /test/lost is
// the document of that reply.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const [port, certificate, key] = process.argv.slice(2);
const issuer = `https://localhost:${port}`;
const scope = "openid offline_access";
const ordinaryTtl = 3600;

/** A client that can log in and refresh. */
function client(id, authentication) {
  return {
    client_id: id,
    redirect_uris: [`${issuer}/callback`],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...authentication,
  };
}

/** Resolved unless a test holds the token requests. */
let gate = Promise.resolve();
let open = () => {};
let requests = 0;

/** How the next reply gets lost, by name. */
const losses = {
  stall: (socket) => once(socket, "close"),
  cut: (socket) => socket.destroy(),
};

/** The one of them that a test has ordered, and the last reply that was lost. */
let lose = null;
let lost = null;

const provider = new Provider(issuer, {
  clients: [
    client("public", { token_endpoint_auth_method: "none" }),
    client("confidential", {
      token_endpoint_auth_method: "client_secret_post",
      client_secret: "secret+of the/confidential=client&100%",
    }),
  ],
  // The account is looked up while a token request is served: the place to hold it.
  async findAccount(_ctx, accountId) {
    await gate;
    return { accountId, claims: () => ({ sub: accountId }) };
  },
  rotateRefreshToken: true,
  ttl: { AccessToken: ordinaryTtl, RefreshToken: ordinaryTtl, Grant: ordinaryTtl },
  // Pages to log in and to allow, as the provider's authors give them for tests.
  features: { devInteractions: { enabled: true } },
  // The name that goes with /token.
  routes: { authorization: "/authorize" },
  issueRefreshToken: async () => true,
});

/** Loses the reply that a test wants lost. */
provider.use(async (ctx, next) => {
  await next();
  if (lose !== null && ctx.path === "/token") {
    const ordered = lose;
    lose = null;
    lost = { client_id: ctx.oidc.client.clientId, ...ctx.body };
    await ordered(ctx.req.socket);
  }
});

/** Logs in: a grant, a refresh token and an access token, saved by the provider. */
async function login(clientId, ttl) {
  const found = await provider.Client.find(clientId);
  const owner = { accountId: "ada", clientId, client: found };
  const grant = new provider.Grant(owner);
  grant.addOIDCScope(scope);
  const token = { ...owner, grantId: await grant.save(), scope, gty: "authorization_code" };
  const refreshToken = new provider.RefreshToken(token);
  refreshToken.expiresIn = ttl;
  return {
    client_id: clientId,
    access_token: await new provider.AccessToken(token).save(),
    refresh_token: await refreshToken.save(),
    kept: [1.5, { deep: "member" }],
  };
}

const tests = {
  login: async ([clientId], query) => login(clientId, Number(query.get("ttl") ?? ordinaryTtl)),
  requests: () => requests,
  hold: () => {
    gate = new Promise((resolve) => (open = resolve));
  },
  release: () => open(),
  lose: ([how]) => {
    lose = losses[how];
  },
  lost: () => lost,
};

/** Answers a test's request with JSON. */
async function answer(response, url) {
  const [name, ...rest] = url.pathname.split("/").slice(2);
  const result = await tests[name](rest, url.searchParams);
  response.end(JSON.stringify(result ?? "done", null, 4));
}

/** The request with the app's own scopes where the address names none, as Salesforce reads it. */
function withScope(request, url) {
  if (url.pathname === "/authorize" && !url.searchParams.has("scope")) {
    url.searchParams.set("scope", "openid");
    request.url = url.pathname + url.search;
  }
  return request;
}

const serve = provider.callback();
const options = { cert: readFileSync(certificate), key: readFileSync(key) };
createServer(options, (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith("/test/")) {
    return answer(response, url);
  }
  requests += url.pathname === "/token" ? 1 : 0;
  return serve(withScope(request, url), response);
}).listen(Number(port), "127.0.0.1");
