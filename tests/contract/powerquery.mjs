// M expressions in (a JSON list on standard input), [{"isParsed", "message"}] out.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.argv[2] + "/package.json");
const { DefaultSettings, TaskUtils } = require("@microsoft/powerquery-parser");
const expressions = JSON.parse(readFileSync(0, "utf8"));
const answers = [];
for (const expression of expressions) {
    const task = await TaskUtils.tryLexParse(DefaultSettings, expression);
    const isParsed = TaskUtils.isParseStageOk(task);
    answers.push({ isParsed, message: isParsed ? "" : String(task.error?.message) });
}
process.stdout.write(JSON.stringify(answers));
