/** The console: pages for people, on the server that assistants use. Approving here is what `atvm_prep approve` does. */
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import { type Role, withIncluded } from "../../core/domain/roles.ts";
import type { Engine } from "../../core/engine.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import type { RunRecord } from "../../core/records.ts";
import { type ErrorView, presentError, presentPlan, usualOf, wordingFor } from "../../text/index.ts";
import { type Failure, failureOf } from "../failure.ts";
import { events, type Follow, polling } from "./events.ts";
import { type Html, live, mayApprove, page, type Section, type Viewer } from "./layout.ts";
import type { ProviderSignIn } from "./openid.ts";
import { auditPage } from "./pages/audit.ts";
import { planPage, planState, refusalPage, spokenState } from "./pages/plan.ts";
import { overview } from "./pages/plans.ts";
import { runPage, runState, runsPage, spokenRun } from "./pages/run.ts";
import { enterPage, signInPage } from "./pages/sign-in.ts";
import { targetPage, targetsPage } from "./pages/targets.ts";
import { auditOf, familiesOf, overviewOf, usualTimesIn } from "./reads.ts";
import { SCRIPT } from "./script.ts";
import { actorOf, isCsrf, Sessions } from "./sessions.ts";
import { ICON, STYLE } from "./style.ts";

export interface ConsoleOptions {
  readonly engine: Engine;
  readonly log: Logger;
  readonly clock: Clock;
  /** The address that browsers use, without a slash at its end. */
  readonly publicUrl: string;
  /** Aborts when the server ends. */
  readonly closing: AbortSignal;
  /** Absent: links alone. */
  readonly provider?: ProviderSignIn;
}

type Env = { Variables: { viewer: Viewer } };
type Ctx = Context<Env>;

const BODY_BYTES = 16 * 1024;
/** To be mounted at `/console`. */
export function approvalConsole(options: ConsoleOptions): Hono<Env> {
  const { engine, log, clock, publicUrl, closing, provider } = options;
  const wording = wordingFor("terminal");
  const isSecure = publicUrl.startsWith("https:");
  const sessions = new Sessions(engine, isSecure);
  const now = (): string => clock.now().toISOString();
  const app = new Hono<Env>();

  const show = (c: Ctx, title: string, section: Section, body: Html, status: 200 | Failure["status"] = 200) =>
    c.html(page({ title, section, viewer: c.get("viewer") }, body), status);
  const refused = (thrown: unknown): Pick<Failure, "status" | "headers"> & { readonly view: ErrorView } => {
    const error = asPrepError(thrown);
    if (error.code === "INTERNAL") log.error({ err: thrown }, "a page of the console failed");
    return { ...failureOf(error), view: presentError(error, wording) };
  };

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: [NONE],
        ...{ styleSrc: [SELF], scriptSrc: [SELF], connectSrc: [SELF], imgSrc: [SELF], formAction: [SELF] },
        ...{ frameAncestors: [NONE], baseUri: [NONE] },
      },
      xFrameOptions: "DENY",
      // Stricter, a form's own Origin would be hidden from this server too.
      referrerPolicy: "same-origin",
      ...(isSecure ? {} : { strictTransportSecurity: false }),
    }),
  );
  const asset = (path: string, type: string, text: string) =>
    app.get(path, (c) => c.body(text, 200, { "content-type": type, "cache-control": "public, max-age=86400" }));
  asset("/style.css", "text/css; charset=utf-8", STYLE);
  asset("/live.js", "text/javascript; charset=utf-8", SCRIPT);
  asset("/icon.svg", "image/svg+xml", ICON);

  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
  });
  app.use(bodyLimit({ maxSize: BODY_BYTES, onError: (c) => c.text("This form is too large.", 413) }));
  app.use(async (c, next) => {
    if (c.req.method === "GET" || c.req.method === "HEAD") return next();
    const site = c.req.header("sec-fetch-site");
    const isOwn = site === undefined ? c.req.header("origin") === new URL(publicUrl).origin : site === "same-origin";
    return isOwn ? next() : c.text("This form is not from a page of this server.", 403);
  });

  const notice = (c: Ctx, text: string, status: 200 | 401 | 403 = 401) =>
    c.html(page({ title: "Sign in" }, signInPage(provider !== undefined, text)), status);
  const USED_UP = "This link was used, or is older than five minutes. Make a new one.";
  app.get("/sign-in", async (c) => {
    const secret = c.req.query("link");
    if (secret === undefined) return c.html(page({ title: "Sign in" }, signInPage(provider !== undefined, undefined)));
    const holder = await engine.consoleLinkHolder(secret);
    return holder === undefined ? notice(c, USED_UP) : c.html(page({ title: "Sign in" }, enterPage(holder, secret)));
  });
  app.post("/sign-in", async (c) => {
    const session = await engine.redeemConsoleLink(await field(c, "link"));
    if (session === undefined) return notice(c, USED_UP);
    sessions.begin(c, session);
    return c.redirect("/console", 303);
  });

  if (provider !== undefined) {
    app.get("/sign-in/provider", async (c) => {
      const { url, kept } = await provider.begin();
      sessions.keepBegun(c, kept);
      return c.redirect(url, 303);
    });
    app.get("/sign-in/callback", async (c) => {
      const kept = sessions.takeBegun(c);
      if (kept === undefined) return notice(c, "This sign-in was not begun here, or ten minutes ago. Begin again.");
      const identity = await provider.finish(new URL(c.req.url).search, kept).catch((cause: unknown) => {
        log.warn({ err: cause }, "a sign-in at the provider failed");
        return undefined;
      });
      if (identity === undefined) return notice(c, "The provider did not sign you in. The server's log says why.");
      const { principal, person } = identity;
      const role = consoleRole(identity.roles);
      if (role === undefined) return notice(c, "The provider knows you, and gives you no role here. Ask for one.", 403);
      sessions.begin(c, await engine.signInToConsole({ principal, role, ...(person === undefined ? {} : { person }) }));
      return c.redirect("/console", 303);
    });
  }

  // Whatever comes below is for who is signed in.
  app.use(async (c, next) => {
    const viewer = await sessions.viewer(c);
    if (viewer === undefined)
      return c.req.method === "GET" ? c.redirect("/console/sign-in", 303) : notice(c, "Sign in first.");
    c.set("viewer", viewer);
    if (c.req.method === "POST" && !isCsrf(viewer, await field(c, "csrf")))
      return show(c, "Refused", "Plans", refusalPage(presentError(STRAY_FORM, wording)), 403);
    return next();
  });
  app.onError((thrown, c) => {
    const viewer = c.get("viewer");
    if (viewer === undefined) log.warn({ err: thrown }, "a page for nobody who is signed in failed");
    const { view, status, headers } = refused(viewer === undefined ? withoutWords(thrown) : thrown);
    return c.html(page({ title: view.code, viewer }, refusalPage(view)), status, { ...headers });
  });

  app.post("/sign-out", async (c) => {
    await sessions.end(c);
    return notice(c, "You are signed out.", 200);
  });

  const mayGoOn = (c: Ctx) => async (): Promise<boolean> => (await sessions.viewer(c)) !== undefined;

  app.get("/", async (c) =>
    show(
      c,
      "Plans",
      "Plans",
      live("/console/events", overview(await overviewOf(engine, now(), usualTimesIn(engine)), wording)),
    ),
  );
  app.get("/events", (c) => {
    const usualTimes = usualTimesIn(engine);
    const read = async () => {
      const seen = await overviewOf(engine, now(), usualTimes);
      const { length } = seen.plans;
      return {
        html: () => overview(seen, wording),
        key: keyOf([seen.plans, seen.running]),
        status: `${length} open ${length === 1 ? "plan" : "plans"}.`,
      };
    };
    return events(c, { next: polling(clock, read), mayGoOn: mayGoOn(c) }, closing);
  });

  const showPlan = async (
    c: Ctx,
    planId: string,
    answer: { readonly thrown?: unknown; readonly typed?: string } = {},
  ) => {
    const plan = presentPlan(await engine.getPlan(planId), wording);
    const { view, status } =
      answer.thrown === undefined ? { view: undefined, status: 200 as const } : refused(answer.thrown);
    const at = now();
    const state = planState(plan, at);
    const body = planPage({
      ...{ plan, viewer: c.get("viewer"), now: at, usual: await usualOf(engine, plan) },
      ...(view === undefined ? {} : { refused: view }),
      ...(answer.typed === undefined ? {} : { typed: answer.typed }),
      state: plan.state === "open" ? live(`/console/plans/${plan.planId}/events`, state) : state,
    });
    return show(c, plan.summary, "Plans", body, status);
  };
  app.get("/plans/:plan", (c) => showPlan(c, c.req.param("plan")));
  app.get("/plans/:plan/events", (c) => {
    const read = async () => {
      const plan = presentPlan(await engine.getPlan(c.req.param("plan")), wording);
      const { state, approval, runId } = plan;
      const over = state !== "open";
      const key = keyOf([state, approval, runId]);
      return { html: () => planState(plan, now()), key, status: spokenState(plan), over };
    };
    return events(c, { next: polling(clock, read), mayGoOn: mayGoOn(c) }, closing);
  });
  /** Does it, and shows the plan: as it is then, or with what it was refused with. */
  const answer = async (
    c: Ctx,
    planId: string,
    call: string,
    work: (viewer: Viewer) => Promise<unknown>,
    typed?: string,
  ) => {
    const viewer = c.get("viewer");
    try {
      await mustBeApprover(viewer, call);
      await work(viewer);
    } catch (thrown) {
      return showPlan(c, planId, { thrown, ...(typed === undefined ? {} : { typed }) });
    }
    return c.redirect(`/console/plans/${encodeURIComponent(planId)}`, 303);
  };
  const mustBeApprover = async (viewer: Viewer, call: string): Promise<void> => {
    if (mayApprove(viewer)) return;
    const needs: Role = "approver";
    await engine.recordRefusal(call, needs, actorOf(viewer));
    throw new PrepError("FORBIDDEN", `Your role is ${viewer.role}; this needs the role ${needs}.`, {
      hint: "Have an approver answer the plan.",
    });
  };
  app.post("/plans/:plan/approve", async (c) => {
    const { plan } = c.req.param();
    const typed = (await field(c, "lun")) || undefined;
    return answer(c, plan, "approve", (viewer) => engine.approve(plan, actorOf(viewer), typed), typed);
  });
  app.post("/plans/:plan/decline", async (c) => {
    const { plan } = c.req.param();
    const reason = await field(c, "reason");
    return answer(c, plan, "decline", (viewer) => engine.decline(plan, actorOf(viewer), reason));
  });

  app.get("/runs", async (c) => {
    const { lun = "", client = "" } = c.req.query();
    const filter = { ...(lun === "" ? {} : { lun }), ...(client === "" ? {} : { client }), limit: 100 };
    return show(c, "Runs", "Runs", runsPage(await engine.listRuns(filter), { lun, client }));
  });
  app.get("/runs/:run", async (c) => {
    const run = await engine.getRun(c.req.param("run"));
    const usual = await usualOf(engine, run);
    return show(c, run.runId, "Runs", runPage({ run, usual, viewer: c.get("viewer"), now: now(), wording }));
  });
  app.get("/runs/:run/events", async (c) => {
    const usual = await usualOf(engine, await engine.getRun(c.req.param("run")));
    const follow: Follow = {
      mayGoOn: mayGoOn(c),
      next: async (send, signal) => {
        const onUpdate = (run: RunRecord): Promise<void> =>
          send({
            ...{ html: () => runState(run, usual, now(), wording), key: keyOf(run), status: spokenRun(run) },
            over: run.endedAt !== undefined,
          });
        await engine.getRun(c.req.param("run"), { waitMs: FOLLOW_MS, signal, onUpdate });
      },
    };
    return events(c, follow, closing);
  });
  app.post("/runs/:run/cancel", async (c) => {
    const { run } = c.req.param();
    await engine.cancelRun(run, actorOf(c.get("viewer")));
    return c.redirect(`/console/runs/${encodeURIComponent(run)}`, 303);
  });

  app.get("/targets", async (c) =>
    show(c, "Targets", "Targets", targetsPage(await engine.listTargets(actorOf(c.get("viewer"))))),
  );
  app.get("/targets/:client", async (c) => {
    const actor = actorOf(c.get("viewer"));
    const found = await engine.inspect({ client: c.req.param("client") }, actor);
    return show(c, found.client.name, "Targets", targetPage(found, await familiesOf(engine, found, actor), now()));
  });
  app.get("/audit", async (c) => {
    const { page: found, query, notice: wrong } = await auditOf(engine, c.req.query());
    return show(c, "Audit", "Audit", auditPage(found, query, wrong), wrong === undefined ? 200 : 400);
  });
  return app;
}

const FOLLOW_MS = 10_000;
const SELF = "'self'";
const NONE = "'none'";
const keyOf = (what: unknown): string =>
  JSON.stringify(what, (_key, value) => (value instanceof Map ? [...value] : value));

/** For who is not signed in: an error's own words can name hosts and paths. */
function withoutWords(thrown: unknown): PrepError {
  const { code, meaning } = failureOf(thrown);
  const { retryable } = asPrepError(thrown);
  return new PrepError(code, meaning, { hint: "The server's log says why.", retryable, cause: thrown });
}

const STRAY_FORM = new PrepError("FORBIDDEN", "This form is not from a page of your session.", {
  hint: "Open the page again and send it once more.",
});

/** What somebody with these roles may here: who operates sees, and answers nothing. */
function consoleRole(roles: readonly Role[]): Role | undefined {
  const all = withIncluded(roles);
  return (["admin", "approver", "viewer"] as const).find((role) => all.includes(role));
}

async function field(c: Context, name: string): Promise<string> {
  const { [name]: value } = await c.req.parseBody();
  return typeof value === "string" ? value.trim() : "";
}
