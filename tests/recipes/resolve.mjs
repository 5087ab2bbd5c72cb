// Lets node run the generated code, once it is JavaScript, as a bundler would.
import { register } from "node:module";
import { pathToFileURL } from "node:url";

register("./hooks.mjs", import.meta.url);

export const load = (path) => import(pathToFileURL(path).href);
