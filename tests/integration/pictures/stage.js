// A browser, and the logs whose pictures it shows. Everything that a page asks for, says or opens is noted.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const { TAPEDECK, WRITE_SAMPLES, TAPEDECK_SCREENSHOTS } = process.env;
const DEADLINE_MS = 10_000;

export class Stage {
  async open() {
    this.folder = mkdtempSync(join(tmpdir(), "pictures-"));
    for (const samples of [[], ["platform"], ["attacks"]]) {
      const folder = samples[0] ?? "shop";
      this.run("mkdir", [folder]);
      this.run(WRITE_SAMPLES, samples, { cwd: join(this.folder, folder) });
    }
    this.browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  }

  async close() {
    await this.browser?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  run(program, args, options = {}) {
    const env = { ...process.env, TZ: "UTC" };
    const done = spawnSync(program, args, { cwd: this.folder, env, encoding: "utf8", maxBuffer: 1 << 28, ...options });
    if (done.error || done.status !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.error ?? done.stderr}`);
    return done;
  }

  // Export to a file of this name. What the command says.
  export(name, ...args) {
    return this.run(TAPEDECK, ["export", ...args, "-o", name]).stderr;
  }

  read(name) {
    return readFileSync(join(this.folder, name), "utf8");
  }

  // Open a page of the folder.
  async show(name, { width = 1280, height = 800, scheme = "light" } = {}) {
    const page = await this.browser.newPage({ viewport: { width, height }, colorScheme: scheme });
    const noted = { requests: [], said: [], dialogs: [] };
    page.on("request", (request) => request.url().startsWith("data:") || noted.requests.push(request.url()));
    page.on("console", (message) => noted.said.push(message.text()));
    page.on("pageerror", (error) => noted.said.push(error.message));
    page.on("dialog", (dialog) => noted.dialogs.push(dialog.message()) && dialog.dismiss());
    page.on("popup", (popup) => noted.dialogs.push(popup.url()));
    const url = `file://${join(this.folder, name)}`;
    await page.goto(url);
    noted.requests = noted.requests.filter((requested) => requested !== url);
    page.noted = noted;
    return page;
  }

  // For people: into the folder that TAPEDECK_SCREENSHOTS names.
  async screenshot(page, name) {
    if (TAPEDECK_SCREENSHOTS) await page.screenshot({ path: join(TAPEDECK_SCREENSHOTS, `${name}.png`) });
  }
}

// Wait until the function, evaluated in the page, gives this value.
export async function becomes(page, wanted, read) {
  const end = Date.now() + DEADLINE_MS;
  let value;
  do {
    value = await page.evaluate(read);
    if (JSON.stringify(value) === JSON.stringify(wanted)) return;
  } while (Date.now() < end);
  throw new Error(`${read}: ${JSON.stringify(value)} instead of ${JSON.stringify(wanted)}`);
}
