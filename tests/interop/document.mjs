// Looks at token files for the checks. Complaints go to standard output, one a line.

import { readFileSync } from "node:fs";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const tokens = ["access_token", "refresh_token"];

const commands = {
  /** member NAME FILE: prints a member. */
  member(name, path) {
    console.log(read(path)[name]);
  },

  /** complain-about-refresh BEFORE AFTER: both tokens are new, what no reply names is not. */
  "complain-about-refresh"(before, after) {
    const [old, young] = [read(before), read(after)];
    const same = (name) => JSON.stringify(old[name]) === JSON.stringify(young[name]);
    for (const name of tokens.filter(same)) {
      console.log(`${name} is the old one`);
    }
    for (const name of ["client_id", "kept"].filter((name) => !same(name))) {
      console.log(`${name} changed`);
    }
    const names = Object.keys(old);
    if (Object.keys(young).slice(0, names.length).join() !== names.join()) {
      console.log("the members have another order");
    }
  },

  /** complain-about-leaks TEXT BEFORE AFTER SECRET...: the text has no token and no secret. */
  "complain-about-leaks"(text, before, after, ...secrets) {
    const inDocuments = [before, after].flatMap((path) => tokens.map((name) => read(path)[name]));
    const said = readFileSync(text, "utf8");
    for (const secret of [...inDocuments, ...secrets]) {
      if (said.includes(secret)) {
        console.log(`standard error has the secret ${secret}`);
      }
    }
  },
};

const [command, ...args] = process.argv.slice(2);
commands[command](...args);
