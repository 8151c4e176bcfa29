// Asks three judges of HTML mail about each mail of the JSON object on standard input ({name: html}), and answers with
// {name: {scores, mistakes, support}} on standard output. One process for many mails: loading takes longer than judging.
//
//   scores    @emailens/engine: 0 to 100 for each mail program
//   mistakes  html-validate: "rule: message", each once
//   support   caniemail.com's tables: "feature: none|partly: client"
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const tools = createRequire(new URL("../../.tools/", import.meta.url));
const load = (name) => import(pathToFileURL(tools.resolve(name)));

const { analyzeEmail, generateCompatibilityScore } = await load("@emailens/engine");
const { caniemail } = await load("caniemail");
const { HtmlValidate } = await load("html-validate");

// Those of which the tables know every feature. caniemail stops at a gap, as GMX, Thunderbird and some others have.
const CLIENTS = [
  ...["gmail.*", "apple-mail.*", "outlook.*", "yahoo.*", "aol.*", "samsung-email.*"],
  ...["protonmail.*", "fastmail.*", "hey.*"],
];

const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  elements: ["html5", { meta: { attributes: { charset: { enum: ["utf-8", "us-ascii"] } } } }], // ASCII: see render.py
  rules: {
    "no-inline-style": "off", // the only styles that every mail program keeps
    "no-deprecated-attr": "off", // classic Outlook lays tables out by width, align, cellpadding and border
    "no-conditional-comment": "off", // for classic Outlook, too
    "prefer-tbody": "off", // bytes that change nothing: every reader of HTML adds it
  },
});

function scoresOf(html) {
  const scores = generateCompatibilityScore(analyzeEmail(html));
  return Object.fromEntries(Object.entries(scores).map(([client, { score }]) => [client, score]));
}

async function mistakesOf(html) {
  const { results } = await validator.validateString(html);
  return [...new Set(results.flatMap(({ messages }) => messages.map((one) => `${one.ruleId}: ${one.message}`)))];
}

function supportOf(html) {
  const { issues } = caniemail({ clients: CLIENTS, html });
  const lines = (kind, map) =>
    [...map].flatMap(([client, found]) => found.map(({ title }) => `${title}: ${kind}: ${client}`));
  return [...new Set([...lines("none", issues.errors), ...lines("partly", issues.warnings)])].sort();
}

const answer = {};
for (const [name, html] of Object.entries(JSON.parse(readFileSync(0, "utf8")))) {
  answer[name] = { scores: scoresOf(html), mistakes: await mistakesOf(html), support: supportOf(html) };
}
process.stdout.write(JSON.stringify(answer));
