// The broker under test as a child process: ours, recording, or nats-server, as TAPEDECK_TEST_BROKER says.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const program = process.env.TAPEDECK_TEST_BROKER ?? "nats-server";
const READY_MS = 30_000;

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
      ...["-a", "127.0.0.1", "-p", String(this.port ?? -1), "--ports_file_dir", this.dir],
      ...this.flags,
    ];
    this.child = spawn(program, args, { stdio: "inherit" });
    this.ended = new Promise((resolve) => this.child.once("exit", resolve));
    const path = join(this.dir, `${basename(program)}_${this.child.pid}.ports`);
    for (const start = Date.now(); Date.now() - start < READY_MS; await pause(5)) {
      const port = portIn(path);
      if (port) {
        this.port = port;
        return this;
      }
    }
    throw new Error(`no ports file ${path}`);
  }

  get url() {
    return `127.0.0.1:${this.port}`;
  }

  async stop(signal = "SIGINT") {
    this.child.kill(signal);
    await this.ended;
  }

  async close() {
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
