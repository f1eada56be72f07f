/** The arguments that several tools share. One schema is the source of a tool's input and of the docs' table. */
import { z } from "zod";

// No lengths in the schemas: they would cost a tenth of the definitions' budget, and the engine checks each name.
export const lun = z.string().describe("Gold LUN: name or shorthand, e.g. Gold");
export const client = z
  .string()
  .describe("Array client or a unique part (165); default: the host's pair")
  .exactOptional();
export const host = z.string().describe("ESXi host or a unique part (165); default: the client's pair").exactOptional();
export const snapshot = z.string().describe("Snapshot name or id; default: the latest").exactOptional();
export const registerVms = z.boolean().describe("Also register the VMs found").exactOptional();
export const keepClone = z.boolean().describe("Do not delete the old clone").exactOptional();
export const forcePowerOff = z
  .boolean()
  .describe("Power off hard where a guest cannot shut down (can damage gold)")
  .exactOptional();
export const releaseFirst = z
  .boolean()
  .describe("Release the old before making the new (array short of space)")
  .exactOptional();
export const planToken = z.string().describe("As a plan tool returned it");
export const planId = z.string();
export const runId = z.string();
export const limit = z.int().min(1).max(500).exactOptional();
