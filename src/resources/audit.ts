import { PrepError } from "../core/domain/errors.ts";
import { auditView } from "../text/views.ts";
import { resource } from "./define.ts";

export const audit = resource({
  name: "audit",
  title: "Audit of a day",
  description: "The audit rows of one day (UTC, yyyy-mm-dd), and whether the chain holds.",
  uri: "atvm://audit/{date}",
  async read(date, engine) {
    if (!/^\d{4}-\d\d-\d\d$/.test(date) || Number.isNaN(Date.parse(date))) {
      throw new PrepError("BAD_REQUEST", "That is not a day.", { hint: "Name the day as yyyy-mm-dd, in UTC." });
    }
    return auditView.parse(await engine.readAudit({ date }));
  },
});
