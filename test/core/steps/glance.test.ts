import { describe, expect, it } from "vitest";
import { Glance } from "../../../src/core/steps/glance.ts";

/** A world of one number that tells how often it was read. */
function counter() {
  const seen = { reads: 0, value: 1 };
  const read = async (what: { id: string }): Promise<number> => {
    seen.reads += 1;
    return what.id === "a" ? seen.value : -1;
  };
  const write = async (value: number): Promise<void> => {
    seen.value = value;
  };
  return { seen, world: { read, write, name: "counter" } };
}

describe("what a step's check has read", () => {
  it("is what its act reads first, without asking again", async () => {
    const { seen, world } = counter();
    const glance = new Glance();
    await glance.looking(world).read({ id: "a" });
    expect(await glance.acting(world).read({ id: "a" })).toBe(1);
    expect(seen.reads).toBe(1);
  });

  it("answers one read: the next one goes to the world", async () => {
    const { seen, world } = counter();
    const glance = new Glance();
    await glance.looking(world).read({ id: "a" });
    const acting = glance.acting(world);
    await acting.read({ id: "a" });
    seen.value = 2;
    expect(await acting.read({ id: "a" })).toBe(2);
  });

  it("is forgotten with the first change, made on either system", async () => {
    const { seen, world } = counter();
    const other = counter().world;
    const glance = new Glance();
    await glance.looking(world).read({ id: "a" });
    seen.value = 2;
    await glance.acting(other).write(9);
    expect(await glance.acting(world).read({ id: "a" })).toBe(2);
  });

  it("does not answer for anything else", async () => {
    const { world } = counter();
    const glance = new Glance();
    await glance.looking(world).read({ id: "a" });
    expect(await glance.acting(world).read({ id: "b" })).toBe(-1);
    expect(glance.acting(world).name).toBe("counter");
  });
});
