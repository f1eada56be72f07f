/**
 * The assistants' programs: where each keeps its MCP servers, and how an entry reads there. Sources: the clients' own pages
 * (Claude Code, Claude Desktop, VS Code's "MCP configuration reference", Cursor's docs/mcp, Codex's config reference,
 * Gemini CLI's docs/tools/mcp-server).
 */
import { join } from "node:path";
import { type Env, homeOf } from "../../config/find.ts";

export const CLIENTS = ["claude-desktop", "claude-code", "vscode", "cursor", "codex", "gemini"] as const;
export type ClientName = (typeof CLIENTS)[number];

/** How a client reaches the server. */
export type Connection =
  | { readonly kind: "stdio"; readonly command: string; readonly args: readonly string[] }
  /** The token is in the variable `tokenEnv` of the client's environment, never in the entry. */
  | { readonly kind: "http"; readonly url: string; readonly tokenEnv: string };

/** A value to be put at a path of the client's file; whatever else the file holds stays. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: Readonly<Record<string, unknown>>;
  /** The path leads to a list, in which the value takes the place of the one with the same `id`. */
  readonly inList?: boolean;
}

interface ClientTraits {
  readonly title: string;
  readonly format: "json" | "toml";
  /** Its file, for this account. */
  file(env: Env, platform: NodeJS.Platform): string;
  settings(name: string, connection: Connection): readonly Setting[];
  /** What a person has to do besides, if anything. */
  note?(connection: Connection): string | undefined;
}

/** Where applications keep their settings for an account. */
function applicationData(env: Env, platform: NodeJS.Platform): string {
  const home = homeOf(env);
  if (platform === "darwin") return join(home, "Library", "Application Support");
  if (platform === "win32") return env["APPDATA"] ?? join(home, "AppData", "Roaming");
  return env["XDG_CONFIG_HOME"] ?? join(home, ".config");
}

const bearer = (reference: string) => ({ Authorization: `Bearer ${reference}` });
const inEnvironment = (connection: Connection): string | undefined =>
  connection.kind === "http"
    ? `The token is read from $${connection.tokenEnv} of the client's environment.`
    : undefined;

/** Of clients that share this form and differ in how a remote server reads. */
const mcpServers =
  (remote: (connection: Extract<Connection, { kind: "http" }>) => Setting["value"], local: object = {}) =>
  (name: string, connection: Connection): Setting[] => [
    {
      path: ["mcpServers", name],
      value:
        connection.kind === "http"
          ? remote(connection)
          : { ...local, command: connection.command, args: connection.args },
    },
  ];

/** What VS Code asks the person for, once, and keeps in the system's secret storage. */
const TOKEN_INPUT = "atvm-prep-token";

export const CLIENT_TABLE: Readonly<Record<ClientName, ClientTraits>> = {
  "claude-desktop": {
    title: "Claude Desktop",
    format: "json",
    file: (env, platform) => join(applicationData(env, platform), "Claude", "claude_desktop_config.json"),
    // Its file takes programs only; mcp-remote is the usual bridge. A blank within an argument is split on Windows, so that
    // the whole header's value is in the variable.
    settings: mcpServers(({ url, tokenEnv }) => ({
      command: "npx",
      args: ["-y", "mcp-remote", url, "--header", `Authorization:\${${tokenEnv}}`],
    })),
    note: (connection) =>
      connection.kind === "http"
        ? `Claude Desktop starts programs only: this one is the bridge mcp-remote, from npm. $${connection.tokenEnv} of its environment holds the whole value, \`Bearer TOKEN\`.`
        : "Quit Claude Desktop and start it again.",
  },
  "claude-code": {
    title: "Claude Code",
    format: "json",
    file: (env) => join(env["CLAUDE_CONFIG_DIR"] ?? homeOf(env), ".claude.json"),
    settings: mcpServers(({ url, tokenEnv }) => ({ type: "http", url, headers: bearer(`\${${tokenEnv}}`) }), {
      type: "stdio",
    }),
    note: inEnvironment,
  },
  vscode: {
    title: "VS Code",
    format: "json",
    file: (env, platform) => join(applicationData(env, platform), "Code", "User", "mcp.json"),
    settings: (name, connection) =>
      connection.kind === "stdio"
        ? [
            {
              path: ["servers", name],
              value: { type: "stdio", command: connection.command, args: connection.args },
            },
          ]
        : [
            {
              path: ["servers", name],
              value: { type: "http", url: connection.url, headers: bearer(`\${input:${TOKEN_INPUT}}`) },
            },
            {
              path: ["inputs"],
              value: { type: "promptString", id: TOKEN_INPUT, description: "Token for atvm_prep", password: true },
              inList: true,
            },
          ],
    note: ({ kind }) => (kind === "http" ? "VS Code asks for the token at the first start." : undefined),
  },
  cursor: {
    title: "Cursor",
    format: "json",
    file: (env) => join(homeOf(env), ".cursor", "mcp.json"),
    settings: mcpServers(({ url, tokenEnv }) => ({ url, headers: bearer(`\${env:${tokenEnv}}`) })),
    note: inEnvironment,
  },
  codex: {
    title: "Codex",
    format: "toml",
    file: (env) => join(env["CODEX_HOME"] ?? join(homeOf(env), ".codex"), "config.toml"),
    settings: (name, connection) => [
      {
        path: ["mcp_servers", name],
        value:
          connection.kind === "http"
            ? { url: connection.url, bearer_token_env_var: connection.tokenEnv }
            : { command: connection.command, args: connection.args },
      },
    ],
    note: inEnvironment,
  },
  gemini: {
    title: "Gemini CLI",
    format: "json",
    file: (env) => join(homeOf(env), ".gemini", "settings.json"),
    settings: mcpServers(({ url, tokenEnv }) => ({ httpUrl: url, headers: bearer(`\${${tokenEnv}}`) })),
    note: inEnvironment,
  },
};
