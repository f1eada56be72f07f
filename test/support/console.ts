/** People at the console, by requests made by hand; test/browser has them at a browser. */
import type { App } from "../../src/app.ts";
import type { TestServer } from "./http.ts";

type ConsoleRole = "viewer" | "approver" | "admin";

export interface Seat {
  get(path: string): Promise<Response>;
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
  readonly csrf: string;
}

/** The secret of a link for bob. */
export const linkOf = async (app: App, role: ConsoleRole): Promise<string> =>
  (await app.engine.makeConsoleLink({ role, name: "bob" }, app.actor("cli"))).secret;

export const send = (
  server: Pick<TestServer, "base">,
  path: string,
  form: Record<string, string>,
  headers: Record<string, string>,
) =>
  fetch(`${server.base}/console${path}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(form),
    headers: { origin: server.base, ...headers },
  });

/** Bob, signed in by a link. */
export async function signedIn(
  app: App,
  server: Pick<TestServer, "base">,
  role: ConsoleRole = "approver",
): Promise<Seat> {
  const answer = await send(server, "/sign-in", { link: await linkOf(app, role) }, {});
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const get = (path: string): Promise<Response> =>
    fetch(`${server.base}/console${path}`, { redirect: "manual", headers: { cookie } });
  const csrf = /name="csrf" value="([^"]+)"/.exec(await (await get("")).text())?.[1] ?? "";
  return { get, csrf, post: (path, form, headers = {}) => send(server, path, form, { cookie, ...headers }) };
}
