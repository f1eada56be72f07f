/** Writes the pages that are made from the program itself. */
import { readFile, writeFile } from "node:fs/promises";
import { configPage } from "./config-page.ts";
import { errorsPage } from "./errors-page.ts";
import { houseDiagram, readSources } from "./house.ts";
import { manPage } from "./man-page.ts";
import { modesPage } from "./modes-page.ts";
import { privilegesPage } from "./privileges-page.ts";
import { terminalPage } from "./terminal-page.ts";
import { toolsPage } from "./tools-page.ts";

const page = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);

await writeFile(page("configuration.md"), configPage());
await writeFile(page("errors.md"), errorsPage());
await writeFile(page("privileges.md"), privilegesPage());
await writeFile(page("tools.md"), toolsPage());
await writeFile(page("terminal.md"), await terminalPage());
const architecture = await readFile(page("architecture.md"), "utf8");
const house = `<!-- house -->\n${houseDiagram(readSources())}\n<!-- /house -->`;
await writeFile(page("architecture.md"), architecture.replace(/<!-- house -->[\s\S]*<!-- \/house -->/, house));
await writeFile(new URL("../man/atvm_prep.1", import.meta.url), manPage());
await writeFile(page("modes.md"), await modesPage());
