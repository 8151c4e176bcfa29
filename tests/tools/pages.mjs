// Asks html-validate about each page of the JSON object on standard input ({name: html}), and answers with
// {name: ["rule: message", each once]} on standard output. Mails have judge.mjs.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const tools = createRequire(new URL("../../.tools/", import.meta.url));
const { HtmlValidate } = await import(pathToFileURL(tools.resolve("html-validate")));

const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  rules: { "form-dup-name": ["error", { shared: ["radio", "button", "submit", "checkbox"] }] }, // ticked papers
});

const answer = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  const { results } = await validator.validateString(html);
  answer[name] = [...new Set(results.flatMap(({ messages }) => messages.map((one) => `${one.ruleId}: ${one.message}`)))];
}
process.stdout.write(JSON.stringify(answer));
