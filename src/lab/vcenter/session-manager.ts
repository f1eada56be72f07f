import { MANAGED_OBJECT } from "./managed-entity.ts";
import { managedType, open, signedIn } from "./service/managed-type.ts";
import type { Session } from "./service/sessions.ts";
import { SESSION_MANAGER } from "./service/well-known.ts";
import { text } from "./wire/args.ts";
import { noPermission, SoapFault } from "./wire/faults.ts";

/** What it shows depends on whose session asks. */
export const SESSION_MANAGER_TYPE = managedType<Session | undefined>("SessionManager", MANAGED_OBJECT, {
  properties: {
    "sessionList UserSession*": () => {
      throw noPermission(SESSION_MANAGER, "Sessions.TerminateSession");
    },
    "currentSession UserSession?": (session) => session?.describe(),
    "message string?": () => "",
    "messageLocaleList string*": () => ["en"],
    "supportedLocaleList string*": () => ["en"],
    "defaultLocale string": () => "en",
  },
  methods: {
    "Login(userName string, password string, locale string?) -> UserSession": open((call) => {
      const { vcenter, session, args, client } = call;
      const { username, password } = vcenter.credentials;
      if (text(args, "userName") !== username || text(args, "password") !== password) {
        throw new SoapFault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.");
      }
      if (session !== undefined) vcenter.sessions.end(session);
      const opened = vcenter.sessions.open(username, client);
      call.signedIn(opened);
      return opened.describe();
    }),
    "Logout()": signedIn(({ vcenter, session }) => {
      vcenter.sessions.end(session);
      return undefined;
    }),
    "SessionIsActive(sessionID string, userName string) -> boolean": signedIn(
      ({ vcenter, args }) => vcenter.sessions.get(text(args, "sessionID"))?.user === text(args, "userName"),
    ),
  },
});
