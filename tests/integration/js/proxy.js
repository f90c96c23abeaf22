// nats-server with JetStream, and `tapedeck proxy` in front of it, which records, as child processes.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const tapedeck = process.env.TAPEDECK_TEST_BROKER ?? "tapedeck";
const READY_MS = 30_000;

// The port in the ports file of a process; undefined while the file is missing or unfinished.
function portIn(dir) {
  const name = readdirSync(dir).find((entry) => entry.endsWith(".ports"));
  try {
    return name && Number(new URL(JSON.parse(readFileSync(join(dir, name), "utf8")).nats[0]).port);
  } catch {
    return undefined;
  }
}

class Process {
  constructor(program, ...args) {
    this.dir = mkdtempSync(join(tmpdir(), "tapedeck-js-"));
    this.child = spawn(program, [...args, "--ports_file_dir", this.dir], { stdio: ["ignore", "ignore", "inherit"] });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
  }

  async start() {
    for (const start = Date.now(); Date.now() - start < READY_MS; await pause(5)) {
      this.port = portIn(this.dir);
      if (this.port) return this;
    }
    throw new Error(`no ports file in ${this.dir}`);
  }

  get url() {
    return `127.0.0.1:${this.port}`;
  }

  async stop() {
    this.child.kill("SIGINT");
    await this.ended;
  }

  remove() {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export class Servers {
  async start() {
    this.store = mkdtempSync(join(tmpdir(), "tapedeck-js-"));
    this.server = await new Process("nats-server", "-a", "127.0.0.1", "-p", "-1", "-js", "-sd", this.store).start();
    this.log = join(this.store, "log");
    const flags = ["proxy", "--listen", "127.0.0.1:0", "--upstream", this.server.url, "--no-logtime", "--record", this.log];
    this.proxy = await new Process(tapedeck, ...flags).start();
    return this;
  }

  // Stop the proxy, so that its log is whole. How many messages it has on subjects that match.
  async recorded(...subjects) {
    await this.proxy.stop();
    return JSON.parse(execFileSync(tapedeck, ["stat", this.log, "--json", ...subjects])).messages;
  }

  async close() {
    await this.proxy.stop();
    await this.server.stop();
    this.proxy.remove();
    this.server.remove();
    rmSync(this.store, { recursive: true, force: true });
  }
}

export const isServerHere = () =>
  (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, "nats-server")));
