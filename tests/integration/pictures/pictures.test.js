// What `tapedeck export` draws, opened by the programs that it is for. Test names are claims.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { becomes, Stage } from "./stage.js";

const stage = new Stage();
let order, attacks; // pages

before(async () => {
  await stage.open();
  stage.export("shop.html", "shop/log");
  stage.export("order.html", "platform/log", "--conversation", "43");
  stage.export("attacks.html", "attacks/attacks");
  order = await stage.show("order.html");
  attacks = await stage.show("attacks.html");
});
after(() => stage.close());

const text = (page, selector) => page.evaluate((s) => document.querySelector(s).textContent, selector);
const isQuiet = (page) => assert.deepEqual(page.noted, { requests: [], said: [], dialogs: [] });

// ---- a page ----

for (const [width, height, scheme] of [[1280, 800, "light"], [1280, 800, "dark"], [390, 844, "light"], [390, 844, "dark"]]) {
  test(`a page fits ${width} px in ${scheme} colors, and asks for nothing`, async () => {
    const page = order;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: scheme });
    assert.equal(await text(page, "#title"), "#43orders.new");
    assert.equal(await page.locator("#rows .row").count(), 8);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)");
    assert.equal(light, scheme === "light");
    await page.keyboard.press("ArrowDown");
    const [panel, row] = [await page.locator("#details").boundingBox(), await page.locator(".row.chosen").boundingBox()];
    assert.ok(panel.x + panel.width <= width && panel.y + panel.height <= height);
    assert.ok(row.y + row.height <= (width < 700 ? panel.y : height), "the chosen row is hidden");
    await stage.screenshot(page, `order-${width}-${scheme}`);
    isQuiet(page);
    await page.keyboard.press("Escape");
  });
}

test("the keyboard goes from message to message and along causes", async () => {
  const page = order;
  const chosen = () => location.hash;
  const press = async (key, expected) => {
    await page.keyboard.press(key);
    await becomes(page, expected, chosen);
  };
  await press("Home", "#43");
  await press("ArrowDown", "#44");
  await press("ArrowRight", "#45"); // its reply
  await press("ArrowLeft", "#44"); // the request
  await press("ArrowLeft", "#43"); // the cause
  await press("End", "#50");
  await press("ArrowUp", "#49");
  await press("Escape", "");
  assert.equal(await page.locator("#details").isHidden(), true);
});

test("the search box finds words anywhere, and Escape ends the search", async () => {
  const page = order;
  const matches = () => document.getElementById("matches").textContent;
  await page.keyboard.press("/");
  await page.keyboard.type("billing charge");
  await becomes(page, "2 of 8 messages", matches);
  await page.keyboard.press("Escape");
  await becomes(page, "8 messages", matches);
  await page.keyboard.press("/");
  await page.keyboard.type("nowhere");
  await becomes(page, false, () => document.getElementById("nothing").hidden);
  await page.keyboard.press("Escape");
});

test("a click shows a message with its receivers, headers and payload, and leads to its reply", async () => {
  const page = order;
  await page.keyboard.press("t");
  await page.click("#rows .row:has-text('stock.get')");
  const details = await page.locator("#details").innerText();
  for (const part of ["#44", "stock connection 6", "its cause, inferred", "reply after 2.00 ms", "sku: \"a-7\""])
    assert.ok(details.includes(part), `${part} in ${details}`);
  await page.click("#details >> text=Hex");
  assert.ok((await text(page, "pre.hex")).startsWith("000000  7b 22 73 6b 75 22 3a 22"));
  await page.click("#details >> text=#45");
  await becomes(page, "#45", () => location.hash);
});

test("the address names a message, and the focus stays in the page when its button goes", async () => {
  const page = order;
  await page.evaluate(() => (location.hash = "#45"));
  await becomes(page, "_INBOX", () => document.querySelector("#details h2").textContent.slice(0, 6));
  await page.focus("#details .close");
  await page.keyboard.press("Enter");
  await becomes(page, "view", () => document.activeElement.id);
});

test("a page says what is not in it", async () => {
  const said = stage.export("few.html", "platform/log", "--limit", "100");
  assert.match(said.replaceAll(/\s+/g, " "), /left out: 4,9\d\d messages beyond those of the page/);
  const page = await stage.show("few.html");
  assert.match(await text(page, "#notices"), /Not in this page: 4,9\d\d messages/);
  assert.equal(await text(page, "#matches"), "100 messages");
  await page.close();
});

test("a page of 5,000 messages is drawn at once, with the rows that can be seen", async () => {
  stage.export("platform.html", "platform/log");
  const page = await stage.show("platform.html");
  assert.equal(await text(page, "#matches"), "5,000 messages");
  assert.ok((await page.locator("#rows .row").count()) < 60);
  await page.keyboard.press("End");
  await becomes(page, true, () => document.querySelector(".row.chosen") !== null);
  await stage.screenshot(page, "platform");
  isQuiet(page);
  await page.close();
});

test("a payload of 64 MiB is in the page as far as it may be", async () => {
  stage.export("large.html", "attacks/large");
  const page = await stage.show("large.html");
  await page.keyboard.press("ArrowDown");
  const details = await page.locator("#details").innerText();
  assert.ok(details.includes("The log holds 67,043,328 more bytes"), details.slice(0, 300));
  isQuiet(page);
  await page.close();
});

// ---- hostile content ----

test("nothing in a log can run, load or open anything, whatever is chosen", async () => {
  const page = attacks;
  await stage.screenshot(page, "attacks");
  const before = await page.evaluate(() => document.querySelectorAll("script, style, img, iframe, link, meta, svg[onload]").length);
  const count = await page.evaluate(() => JSON.parse(document.getElementById("data").textContent).rows.length - 1);
  assert.equal(count, 52);
  await page.evaluate((times) => {
    for (let i = 0; i < times; i++) {
      document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
      document.querySelectorAll("#details .tabs button").forEach((button) => button.click());
    }
  }, count);
  await becomes(page, "#152", () => location.hash);
  await page.keyboard.press("t");
  await page.keyboard.press("/");
  await page.keyboard.type("<img src=x");
  await becomes(page, true, () => document.getElementById("matches").textContent.startsWith("4 of "));
  assert.equal(await page.evaluate(() => window.attacked), undefined);
  assert.equal(await page.evaluate(() => ({}).polluted), undefined);
  assert.equal(await page.evaluate(() => document.querySelectorAll("script, style, img, iframe, link, meta, svg[onload]").length), before);
  await page.keyboard.press("Escape");
  isQuiet(page);
});

test("text of a log is shown as it is, except for characters that hide or reorder text", async () => {
  const page = attacks;
  await page.keyboard.press("t");
  const shown = await page.evaluate(() => document.querySelector("#columns").textContent);
  assert.ok(shown.includes("</script><script>window.attacked=1</script>"));
  assert.ok(shown.includes("\\u202e…gnp.exe \\u2066\\u2028\\u2029 end"), shown);
  assert.ok(shown.includes("__proto__"));
});

test("markup that got into a page all the same could not run: its policy forbids it", async () => {
  const page = attacks;
  await page.evaluate(() => {
    window.blocked = new Set();
    document.addEventListener("securitypolicyviolation", (event) => window.blocked.add(event.effectiveDirective));
    const script = document.createElement("script");
    script.append("window.attacked=1");
    const image = document.createElement("img");
    image.src = "http://attack.invalid/";
    document.body.append(script, image);
    try {
      document.body.innerHTML = "<b>";
    } catch {} // what should happen
  });
  await becomes(page, ["img-src", "require-trusted-types-for"], () => [...window.blocked].filter((one) => one !== "script-src-elem").sort());
  assert.equal(await page.evaluate(() => window.attacked), undefined);
});

// ---- Mermaid ----

async function inMermaid(names) {
  const page = await stage.browser.newPage();
  await page.setContent("<div></div>");
  await page.addScriptTag({ path: new URL("node_modules/mermaid/dist/mermaid.min.js", import.meta.url).pathname });
  const drawn = {};
  for (const name of names)
    drawn[name] = await page.evaluate(async (diagram) => {
      mermaid.initialize({ startOnLoad: false });
      await mermaid.parse(diagram);
      if (diagram.length > 30_000) return {}; // seconds to draw
      const { svg } = await mermaid.render("drawn", diagram);
      const read = new DOMParser().parseFromString(svg, "text/html");
      const texts = (selector) => [...read.querySelectorAll(selector)].map((one) => one.textContent);
      return { actors: texts("text.actor-box"), messages: texts(".messageText"), notes: texts(".noteText"), attacked: window.attacked };
    }, stage.read(name));
  await page.close();
  return drawn;
}

test("Mermaid draws a conversation, what fits of a long log, and texts of every kind", async () => {
  stage.export("order.mmd", "platform/log", "--conversation", "43");
  stage.export("shop.mmd", "shop/log");
  const said = stage.export("long.mmd", "platform/log");
  stage.export("attacks.mmd", "attacks/attacks");
  const drawn = await inMermaid(["order.mmd", "shop.mmd", "long.mmd", "attacks.mmd"]);
  assert.equal(drawn["order.mmd"].messages.length, 10);
  assert.ok(drawn["shop.mmd"].messages.some((label) => label.includes("DROPPED (slow consumer)")));
  assert.ok(stage.read("long.mmd").length <= 50_000);
  assert.match(said, /messages that do not fit/);
  assert.match(stage.read("long.mmd"), /Note over p\d+,p\d+: 4,\d\d\d more messages are not drawn, [^\n]*\n$/);
  const attacks = drawn["attacks.mmd"];
  assert.equal(attacks.messages.length, 52);
  assert.equal(attacks.attacked, undefined);
  for (const name of ["end", "<img src=x onerror=window.attacked=1>", "__proto__"]) {
    const shown = attacks.actors.map((actor) => actor.replaceAll(/\s/g, ""));
    assert.ok(shown.includes(name.replaceAll(/\s/g, "")), `${name} in ${attacks.actors.join(" | ")}`);
  }
});

// ---- Graphviz ----

test("Graphviz draws the topology, whatever the names", (t) => {
  if (spawnSync("dot", ["-V"]).error) return t.skip("there is no Graphviz here");
  for (const log of ["shop/log", "platform/log", "attacks/attacks"]) {
    stage.export("graph.dot", log);
    const svg = stage.run("dot", ["-Tsvg", "graph.dot"]);
    assert.equal(svg.stderr, "");
    assert.match(svg.stdout, /<\/svg>\s*$/);
  }
  const graph = stage.run(process.env.TAPEDECK, ["trace", "shop/log", "--graph", "--format", "dot"]).stdout;
  stage.export("graph.dot", "shop/log");
  assert.equal(stage.read("graph.dot"), graph);
});
