import * as z from "zod";
import { presentPlan } from "../text/index.ts";
import { planView } from "../text/views.ts";
import { resource } from "./define.ts";

const shown = z.lazy(() => planView.unwrap().omit({ planToken: true }));

export const plan = resource({
  name: "plan",
  title: "Plan",
  description: "A plan and what became of it, without its token.",
  uri: "atvm://plans/{planId}",
  read: async (planId, engine, _actor, wording) => shown.parse(presentPlan(await engine.getPlan(planId), wording)),
});
