// Opens pages in headless Chromium, as people look at them: browser.mjs PAGE... [--pictures FOLDER]
//
// Refused: a message on the console, any request beyond the page itself, text wider than a phone or a screen, what
// axe-core finds (contrast, names, roles, order), a control that the Tab key does not reach, and a page that says less
// without scripts. Needs playwright-core and axe-core (NODE_PATH) and Debian's chromium.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(join(process.env.NODE_PATH, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const pages = process.argv.slice(2);
const at = pages.indexOf("--pictures");
const pictures = at < 0 ? null : pages.splice(at, 2)[1];
const wrong = [];
const WIDTHS = [360, 1440];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

async function open(file, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const say = (text) => wrong.push(`${basename(file)} (${JSON.stringify(options)}): ${text}`);
  page.on("console", (message) => say(`console: ${message.text()}`));
  page.on("pageerror", (error) => say(`error: ${error}`));
  page.on("dialog", (dialog) => { say(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url() !== url) say(`request: ${request.url()}`); });
  await page.goto(url);
  return { context, page, say };
}

for (const file of pages) {
  for (const width of WIDTHS) {
    for (const colorScheme of ["light", "dark"]) {
      const { context, page, say } = await open(file, { viewport: { width, height: 900 }, colorScheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) say(`${wide} px wider than the window`);
      // Evaluated by the browser's own tools, which the page's policy does not reach.
      await page.evaluate(axe);
      const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      for (const rule of found.violations) {
        say(`axe ${rule.id} (${rule.impact}): ${rule.help}: ${rule.nodes.slice(0, 3).map((n) => n.target.join(" ")).join("; ")}`);
      }
      if (pictures) {
        const name = `${basename(file, ".html")}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(pictures, name), fullPage: true });
      }
      await context.close();
    }
  }
  const { context, page, say } = await open(file, { viewport: { width: 1440, height: 900 } });
  const controls = await page.evaluate(() => {
    const seen = (e) => e.checkVisibility({ visibilityProperty: true });
    const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")].filter(seen);
    all.forEach((e, i) => { e.dataset.at = i; });
    return all.length;
  });
  const reached = [];
  for (let i = 0; i < controls; i++) {
    await page.keyboard.press("Tab");
    const on = await page.evaluate(() => document.activeElement?.dataset?.at ?? null);
    if (on !== null) reached.push(Number(on));
  }
  if (new Set(reached).size !== controls) say(`Tab reaches ${new Set(reached).size} of ${controls} controls`);
  if (reached.some((n, i) => i > 0 && n < reached[i - 1])) say(`Tab goes back: ${reached.join(" ")}`);
  const script = await page.evaluate(() => document.querySelectorAll("script:not([type='application/json'])").length);
  const words = (await page.locator("body").innerText()).length;
  await context.close();
  // Without scripts only the buttons that copy, sort and save are missing.
  const bare = await open(file, { javaScriptEnabled: false, viewport: { width: 1440, height: 900 } });
  const without = (await bare.page.locator("body").innerText()).length;
  if (words < 200 || without < 0.9 * words) bare.say(`${words} characters of text, ${without} without scripts`);
  if (pictures) await bare.page.pdf({ path: join(pictures, `${basename(file, ".html")}.pdf`) });
  await bare.context.close();
  console.log(`${basename(file)}: ${controls} controls, ${script} scripts, ${words} characters`);
}
await browser.close();
if (wrong.length) {
  console.error(wrong.map((w) => `FAIL ${w}`).join("\n"));
  process.exit(1);
}
