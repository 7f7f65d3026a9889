// The rules for JavaScript: the pages of the dashboard, and what tests run on Node.
import { createRequire } from "node:module";

// The packages lie in .cache/npm, not beside this file.
const require = createRequire(new URL("../../.cache/npm/package.json", import.meta.url));
const js = require("@eslint/js");
const globals = require("globals");

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    rules: {
      "array-callback-return": ["error", { checkForEach: true }],
      "eqeqeq": "error",
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  { files: ["services/dashboard/pages/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["**/*.mjs"], languageOptions: { globals: globals.node } },
];
