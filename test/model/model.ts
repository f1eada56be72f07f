/** What there should be, in as few words as can be: what each client holds, which plans are open, what time it is. */
import { expect } from "vitest";
import type { Mode } from "../../src/core/domain/modes.ts";
import type { LabState } from "../support/lab.ts";

export const CLIENTS = ["CDS1-ESX165", "CDS1-ESX166"] as const;
export type Client = (typeof CLIENTS)[number];
export type Holding = "nothing" | "clone" | "gold";

export const TOOL_OF = {
  automated_testing: "prep_automated_testing",
  maintenance: "prep_maintenance",
  register: "register_vms",
  unregister: "unregister_vms",
  release: "release_target",
} as const satisfies Partial<Record<Mode, string>>;
export type ModelMode = keyof typeof TOOL_OF;
export const MODEL_MODES = ["automated_testing", "maintenance", "register", "unregister", "release"] as const;

/** A plan lives for ten minutes. */
const TTL_MIN = 10;
/** The clock may go back by this much without a plan noticing. */
const MOST_LEAD_MIN = 5;

export interface PlanNote {
  readonly id: string;
  readonly token: string;
  readonly mode: ModelMode;
  readonly client: Client;
  /** What it goes by, as it was when it was made. */
  readonly facts: string;
  readonly madeMin: number;
  state: "open" | "discarded" | "stale" | "redeemed";
  /** How its run ended, which is answered however often it is confirmed. */
  ended?: string;
}

export class Model {
  readonly holds: Record<Client, Holding> = { "CDS1-ESX165": "clone", "CDS1-ESX166": "nothing" };
  /** How many of the VMs on what it holds are registered. */
  readonly registered: Record<Client, "none" | "some" | "all"> = { "CDS1-ESX165": "some", "CDS1-ESX166": "none" };
  /** How often somebody touched a VM of the client's. */
  readonly touches: Record<Client, number> = { "CDS1-ESX165": 0, "CDS1-ESX166": 0 };
  /** How often a run assigned something to it, and registered VMs there: each has an id of its own. */
  readonly #assignments: Record<Client, number> = { "CDS1-ESX165": 0, "CDS1-ESX166": 0 };
  readonly #registrations: Record<Client, number> = { "CDS1-ESX165": 0, "CDS1-ESX166": 0 };
  readonly plans: PlanNote[] = [];
  /** The machine's clock, in minutes since the beginning, and the latest time that the store has seen. */
  clockMin = 0;
  #seenMin = Number.NEGATIVE_INFINITY;

  /** A call wrote a row: the later of both times is the time; a clock that is far behind closes what is open. */
  written(): void {
    if (this.closesOpenPlans) {
      for (const plan of this.plans) if (plan.state === "open") plan.state = "discarded";
      this.#seenMin = this.clockMin;
    }
    this.#seenMin = Math.max(this.#seenMin, this.clockMin);
  }

  get nowMin(): number {
    return Math.max(this.#seenMin, this.clockMin);
  }

  /** What the next row does, since the clock was set back so far that nobody can tell when plans end. */
  get closesOpenPlans(): boolean {
    return this.#seenMin - this.clockMin > MOST_LEAD_MIN;
  }

  isExpired(plan: PlanNote): boolean {
    return this.nowMin >= plan.madeMin + TTL_MIN;
  }

  get goldWith(): Client | undefined {
    return CLIENTS.find((client) => this.holds[client] === "gold");
  }

  /** What a client's plans go by. Once it is as it was, a plan from then is still the plan for it. */
  factsOf(mode: ModelMode, client: Client): string {
    const [holds, registered] = [this.holds[client], this.registered[client]];
    const facts: unknown[] = [mode === "maintenance" ? this.goldWith : "", holds];
    if (holds !== "nothing") facts.push(this.#assignments[client]);
    // Where gold is there already, a plan for maintenance has nothing to do with its VMs.
    if (holds === "nothing" || (holds === "gold" && mode === "maintenance")) return facts.join(" ");
    facts.push(registered);
    if (registered !== "none") facts.push(this.#registrations[client], this.touches[client]);
    return facts.join(" ");
  }

  isStale({ mode, client, facts }: PlanNote): boolean {
    return this.factsOf(mode, client) !== facts;
  }

  /** Which codes a plan may be refused with; none where it must be made. */
  refusalOf(mode: ModelMode, client: Client): readonly string[] {
    if (mode === "maintenance")
      return CLIENTS.some((other) => other !== client && this.holds[other] === "gold") ? ["VOLUME_IN_USE"] : [];
    if (mode === "automated_testing" || mode === "release") return [];
    return this.holds[client] === "nothing" ? ["NOTHING_ASSIGNED"] : [];
  }

  /** Its goal is reached, by its own run or by the one that resumed it. */
  carriedOut(plan: PlanNote, ended: string): void {
    const { mode, client } = plan;
    plan.state = "redeemed";
    plan.ended = ended;
    switch (mode) {
      case "automated_testing":
        // Another clone than before.
        this.#assigned(client, "clone");
        return;
      case "maintenance":
        if (this.holds[client] !== "gold") this.#assigned(client, "gold");
        return;
      case "release":
        this.holds[client] = "nothing";
        this.registered[client] = "none";
        return;
      case "register":
        if (this.registered[client] !== "all") this.#registrations[client] += 1;
        this.registered[client] = "all";
        return;
      case "unregister":
        this.registered[client] = "none";
    }
  }

  #assigned(client: Client, volume: "clone" | "gold"): void {
    this.holds[client] = volume;
    this.registered[client] = "none";
    this.#assignments[client] += 1;
  }
}

/** The lab shows what the model says, client by client. */
export function expectAgreement(model: Model, state: LabState): void {
  for (const name of CLIENTS) {
    const client = state.clients.find((one) => one.name === name);
    const volumes = state.assignments
      .filter(({ clientId }) => clientId === client?.id)
      .map(({ volumeId }) => state.volumes.find(({ id }) => id === volumeId));
    const host = state.hosts.find((one) => one.client === name);
    const held = model.holds[name];
    expect({ name, holds: volumes.map((volume) => volume?.kind) }).toEqual({
      name,
      holds: held === "nothing" ? [] : [held],
    });
    const vms = state.vms.filter((vm) => vm.host === host?.name);
    expect({ name, registered: vms.length > 0 }).toEqual({ name, registered: model.registered[name] !== "none" });
    expect({ name, mounted: host?.mounts.filter(({ accessible }) => accessible).map(({ naa }) => naa) }).toEqual({
      name,
      mounted: volumes.map((volume) => `naa.${volume?.guid}`),
    });
  }
}
