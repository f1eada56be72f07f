import type { WorldState } from "../../src/lab/world/state.ts";
import type { World } from "../../src/lab/world/world.ts";

/** Does one thing to a lab's world, by its rules, behind the back of both of its interfaces: `change(world, powerOff, vm.id)`. */
export function change<A extends readonly unknown[], R>(
  world: World,
  act: (state: WorldState, ...args: A) => R,
  ...args: A
): R {
  return world.change(
    { api: "vim", op: act.name, by: "test" },
    (state) => act(state, ...args),
    () => [],
  );
}
