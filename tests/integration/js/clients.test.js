// Behaviour that users of the JavaScript client rely on. Test names are claims.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, createInbox, ErrorCode, Events, headers, StringCodec } from "nats";
import { Broker } from "./broker.js";

const text = StringCodec();
const broker = new Broker();

before(() => broker.start());
after(() => broker.close());

const join = (options = {}) => connect({ servers: broker.url, ...options });

// The next `count` messages of a subscription.
async function take(sub, count) {
  const messages = [];
  for await (const message of sub) {
    messages.push(message);
    if (messages.length === count) break;
  }
  return messages;
}

test("a subscriber gets messages in order", async () => {
  const [reader, publisher] = [await join(), await join()];
  const sub = reader.subscribe("order.*");
  await reader.flush();
  for (let i = 0; i < 5000; i++) publisher.publish(`order.${i % 3}`, text.encode(String(i)));
  const messages = await take(sub, 5000);
  messages.forEach((message, i) => assert.equal(text.decode(message.data), String(i)));
  await Promise.all([reader.close(), publisher.close()]);
});

test("a queue group shares messages without loss", async () => {
  const members = await Promise.all([join(), join(), join()]);
  const publisher = await join();
  const seen = new Map();
  const counts = members.map(() => 0);
  members.forEach((member, i) =>
    member.subscribe("work", {
      queue: "workers",
      callback: (_error, message) => {
        counts[i]++;
        const key = text.decode(message.data);
        seen.set(key, (seen.get(key) ?? 0) + 1);
      },
    }),
  );
  await Promise.all(members.map((member) => member.flush()));
  for (let i = 0; i < 900; i++) publisher.publish("work", text.encode(String(i)));
  await publisher.flush();
  await Promise.all(members.map((member) => member.drain()));
  assert.equal(seen.size, 900);
  assert.ok([...seen.values()].every((times) => times === 1));
  assert.ok(counts.every((count) => count > 0), `each member works: ${counts}`);
  await publisher.close();
});

test("a request gets its own reply", async () => {
  const [service, requester] = [await join(), await join()];
  service.subscribe("echo", { callback: (_error, message) => message.respond(message.data) });
  await service.flush();
  const questions = Array.from({ length: 200 }, (_, i) => `question ${i}`);
  const replies = await Promise.all(questions.map((question) => requester.request("echo", text.encode(question))));
  assert.deepEqual(replies.map((reply) => text.decode(reply.data)), questions);
  await Promise.all([service.close(), requester.close()]);
});

test("a request without a service fails at once", async () => {
  const requester = await join();
  await assert.rejects(requester.request("nobody", text.encode("?"), { timeout: 20_000 }), {
    code: ErrorCode.NoResponders,
  });
  await requester.close();
});

test("headers arrive with repeated keys", async () => {
  const client = await join();
  const sub = client.subscribe("headed");
  const sent = headers();
  sent.set("Trace-Id", "abc");
  sent.append("hop", "one");
  sent.append("hop", "two");
  client.publish("headed", text.encode("body"), { headers: sent });
  const [message] = await take(sub, 1);
  assert.equal(message.headers.get("Trace-Id"), "abc");
  assert.deepEqual(message.headers.values("hop"), ["one", "two"]);
  assert.equal(text.decode(message.data), "body");
  await client.close();
});

test("a subscription ends after its maximum", async () => {
  const client = await join();
  const sub = client.subscribe("limited", { max: 2 });
  for (let i = 0; i < 5; i++) client.publish("limited");
  let count = 0;
  for await (const _ of sub) count++;
  assert.equal(count, 2);
  await client.close();
});

test("drain delivers everything and closes", async () => {
  const [drained, publisher] = [await join(), await join()];
  let count = 0;
  drained.subscribe("drained", { callback: () => count++ });
  await drained.flush();
  for (let i = 0; i < 2000; i++) publisher.publish("drained");
  await publisher.flush();
  await drained.drain();
  assert.equal(count, 2000);
  assert.ok(drained.isClosed());
  await publisher.close();
});

test("a megabyte goes through and one byte more is refused", async () => {
  const client = await join();
  assert.equal(client.info.max_payload, 1024 * 1024);
  const sub = client.subscribe("big");
  const payload = Uint8Array.from({ length: 1024 * 1024 }, (_, i) => (i * 31) >> 3);
  client.publish("big", payload);
  const [message] = await take(sub, 1);
  assert.ok(Buffer.from(message.data).equals(payload));
  assert.throws(() => client.publish("big", new Uint8Array(1024 * 1024 + 1)), {
    code: ErrorCode.MaxPayloadExceeded,
  });
  await client.close();
});

test("a client knows its id its address and the round trip", async () => {
  const client = await join({ name: "tester" });
  assert.ok(client.info.client_id > 0);
  assert.equal(client.info.client_ip, "127.0.0.1");
  assert.ok((await client.rtt()) >= 0);
  await client.close();
});

test("clients come back after a restart of the broker", async () => {
  const other = await new Broker().start();
  const options = { servers: other.url, reconnectTimeWait: 50, maxReconnectAttempts: -1 };
  const [reader, publisher] = [await connect(options), await connect(options)];
  const sub = reader.subscribe("kept");
  const backAgain = [reader, publisher].map(async (client) => {
    for await (const status of client.status()) if (status.type === Events.Reconnect) return;
  });
  await reader.flush();
  await other.stop();
  await other.start();
  await Promise.all(backAgain);
  await reader.flush();
  publisher.publish("kept", text.encode("after"));
  const [message] = await take(sub, 1);
  assert.equal(text.decode(message.data), "after");
  await Promise.all([reader.close(), publisher.close()]);
  await other.close();
});

test("a thousand connections hear one message", async () => {
  const clients = [];
  for (let i = 0; i < 20; i++) clients.push(...(await Promise.all(Array.from({ length: 50 }, () => join()))));
  const heard = clients.map((client) => take(client.subscribe("all"), 1));
  await Promise.all(clients.map((client) => client.flush()));
  clients[0].publish("all", text.encode("hello"));
  const messages = await Promise.all(heard);
  assert.ok(messages.every(([message]) => text.decode(message.data) === "hello"));
  await Promise.all(clients.map((client) => client.close()));
});

test("a client hears its own inbox and without echo does not", async () => {
  const [loud, quiet] = [await join(), await join({ noEcho: true })];
  for (const [client, expected] of [[loud, 1], [quiet, 0]]) {
    let count = 0;
    const inbox = createInbox();
    client.subscribe(inbox, { callback: () => count++ });
    client.publish(inbox);
    await client.flush();
    assert.equal(count, expected);
    await client.close();
  }
});

test("only valid credentials are accepted", async () => {
  const locked = await new Broker("--user", "alice", "--pass", "secret").start();
  const as = (user, pass) => connect({ servers: locked.url, user, pass, reconnect: false });
  await (await as("alice", "secret")).close();
  await assert.rejects(as("alice", "wrong"), { code: ErrorCode.AuthorizationViolation });
  await locked.close();
});
