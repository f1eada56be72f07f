/** Preloaded into a program that knows no tokens: each of its requests bears the one in ATVM_TEST_TOKEN. */
import { channel } from "node:diagnostics_channel";

const bearer = `Bearer ${process.env["ATVM_TEST_TOKEN"]}`;

channel("undici:request:create").subscribe(({ request }) => {
  if (!String(request.headers).toLowerCase().includes("authorization")) request.addHeader("authorization", bearer);
});
channel("http.client.request.created").subscribe(({ request }) => {
  if (!request.headersSent && !request.hasHeader("authorization")) request.setHeader("authorization", bearer);
});
