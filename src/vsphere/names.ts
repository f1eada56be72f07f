/** vCenter escapes three signs in the names of its objects. Inside this program names are as people write them. */
export const escapedName = (name: string): string =>
  name.replaceAll(/[%/\\]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);

/** `a%2fb` → `a/b`; any other percent sign stays. */
export const unescapedName = (name: string): string =>
  name.replaceAll(/%(25|2f|5c)/gi, (_escape, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** The datastore's name in a path, `[a%2fb] dir/x.vmx` → `[a/b] dir/x.vmx`; the rest of the path is a file's own name. */
export const unescapedPath = (path: string): string => path.replace(/^\[[^\]]*\]/, unescapedName);

export const escapedPath = (path: string): string =>
  path.replace(/^\[([^\]]*)\]/, (_bracket, name: string) => `[${escapedName(name)}]`);
