/** The arguments that several tools share. One schema is the source of a tool's input and of the docs' table. */
import * as z from "zod";

// No lengths in the schemas: they would cost a tenth of the definitions' budget, and the engine checks each name.
export const lun = z.string().describe("Gold LUN or its shorthand");
export const client = z.string().describe("Client or a part: 165").exactOptional();
export const host = z.string().describe("Its ESXi host or a part").exactOptional();
export const snapshot = z.string().describe("Name or id; default: the latest").exactOptional();
/** For what cannot be undone, where "the latest" could be another one than the operator has in mind. */
export const snapshotToName = z.string().describe("Snapshot name or id");
export const registerVms = z.boolean().describe("Also register its VMs").exactOptional();
export const keepClone = z.boolean().describe("Keep the old clone").exactOptional();
export const forcePowerOff = z.boolean().describe("On gold: hard where a guest cannot shut down").exactOptional();
export const releaseFirst = z.boolean().describe("Clean up first (array short of space)").exactOptional();
export const reason = z.string().describe("Why: shown to the approver").exactOptional();
export const planToken = z.string().describe("As a plan tool gave it");
export const planId = z.string();
export const runId = z.string();
export const limit = z.int().min(1).max(500).exactOptional();
