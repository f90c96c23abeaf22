// The broker under test as a child process: ours, recording, or nats-server, as TAPEDECK_TEST_BROKER says. With TAPEDECK_TEST_PROXY,
// the path of tapedeck, clients reach it through `tapedeck proxy`, which records.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const program = process.env.TAPEDECK_TEST_BROKER ?? "nats-server";
const proxyProgram = process.env.TAPEDECK_TEST_PROXY;
const READY_MS = 30_000;

async function end(child, signal) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

// The port that a program has written into its ports file.
async function portOf(program, child, dir) {
  const path = join(dir, `${basename(program)}_${child.pid}.ports`);
  for (const start = Date.now(); Date.now() - start < READY_MS; await pause(5)) {
    const port = portIn(path);
    if (port) return port;
  }
  throw new Error(`no ports file ${path}`);
}

export class Broker {
  constructor(...flags) {
    this.dir = mkdtempSync(join(tmpdir(), "tapedeck-js-"));
    this.flags = flags;
  }

  // Start it, on the port it had if it ran before, and wait for its ports file.
  async start() {
    const isOurs = basename(program) !== "nats-server";
    const args = [
      ...(isOurs ? ["broker", "--record", join(this.dir, "log")] : []),
      ...["-a", "127.0.0.1", "-p", String(this.serverPort ?? -1), "--ports_file_dir", this.dir],
      ...this.flags,
    ];
    this.child = spawn(program, args, { stdio: "inherit" });
    this.serverPort = await portOf(program, this.child, this.dir);
    this.port = proxyProgram ? await this.startProxy() : this.serverPort;
    return this;
  }

  // Start the proxy, unless it runs: it outlives a server that is stopped. Its port.
  async startProxy() {
    if (this.proxy) return this.port;
    const flags = ["--listen", "127.0.0.1:0", "--upstream", `127.0.0.1:${this.serverPort}`, "--record", join(this.dir, "log")];
    this.proxy = spawn(proxyProgram, ["proxy", ...flags, "--ports_file_dir", this.dir], { stdio: "inherit" });
    return portOf(proxyProgram, this.proxy, this.dir);
  }

  get url() {
    return `127.0.0.1:${this.port}`;
  }

  async stop(signal = "SIGINT") {
    await end(this.child, signal);
  }

  async close() {
    if (this.proxy) await end(this.proxy, "SIGINT");
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

// The port of the first URL; undefined while the file is missing or unfinished.
function portIn(path) {
  if (!existsSync(path)) return undefined;
  try {
    return Number(new URL(JSON.parse(readFileSync(path, "utf8")).nats[0]).port);
  } catch {
    return undefined;
  }
}
