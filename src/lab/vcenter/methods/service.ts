/** ServiceInstance and SessionManager. */

import type { Handler, OpenHandler } from "../service/call.ts";
import { SERVICE_CONTENT } from "../service/vcenter.ts";
import { text } from "../wire/args.ts";
import { SoapFault } from "../wire/faults.ts";

export const OPEN_METHODS: Readonly<Record<string, OpenHandler>> = {
  RetrieveServiceContent: () => SERVICE_CONTENT,
  Login: ({ vcenter, session, args, client, signedIn }) => {
    const { username, password } = vcenter.credentials;
    if (text(args, "userName") !== username || text(args, "password") !== password) {
      throw new SoapFault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.");
    }
    if (session !== undefined) vcenter.sessions.end(session);
    const opened = vcenter.sessions.open(username, client);
    signedIn(opened);
    return opened.describe();
  },
};

export const SERVICE_METHODS: Readonly<Record<string, Handler>> = {
  CurrentTime: () => new Date(),
  Logout: ({ vcenter, session }) => void vcenter.sessions.end(session),
  SessionIsActive: ({ vcenter, args }) =>
    vcenter.sessions.get(text(args, "sessionID"))?.user === text(args, "userName"),
};
