// JetStream, key-value and object store with the JavaScript clients, those of today and the one before: through the proxy they
// behave as without it, and the proxy records as many messages as the stream has.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";
import { AckPolicy as OldAckPolicy, connect as connectOld, StringCodec } from "nats";
import { isServerHere, Servers } from "./proxy.js";

const skip = !isServerHere() && "there is no nats-server here";
const text = StringCodec();
const servers = new Servers();
const MESSAGES = 500;
let published = 0; // into streams, through the proxy

before(async () => skip || servers.start());
after(async () => skip || servers.close());

const ways = {
  directly: () => servers.server.url,
  "through the proxy": () => servers.proxy.url,
};

for (const [way, url] of Object.entries(ways)) {
  const stream = way === "directly" ? "direct" : "proxied";
  const count = (messages) => (published += way === "directly" ? 0 : messages);

  // Run with a connection, which is closed at the end.
  const claim = (name, work) =>
    test(`${name}, ${way}`, { skip }, async () => {
      const client = await connect({ servers: url() });
      try {
        await work(client);
      } finally {
        await client.close();
      }
    });

  claim("publishes are acknowledged with their sequence, and repeated ones once", async (client) => {
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
    const js = jetstream(client);
    for (let i = 1; i <= MESSAGES; i++) {
      const ack = await js.publish(`${stream}.a`, `message ${i}`, { msgID: `id ${i}` });
      assert.equal(ack.seq, i);
    }
    const again = await js.publish(`${stream}.a`, "message 7", { msgID: "id 7" });
    assert.deepEqual([again.seq, again.duplicate], [7, true]);
    count(MESSAGES + 1);
    assert.equal((await manager.streams.info(stream)).state.messages, MESSAGES);
  });

  claim("a pull consumer gets each message once and in order", async (client) => {
    const manager = await jetstreamManager(client);
    await manager.consumers.add(stream, { durable_name: "pull", ack_policy: AckPolicy.Explicit });
    const consumer = await jetstream(client).consumers.get(stream, "pull");
    let seen = 0;
    while (seen < MESSAGES) {
      for await (const message of await consumer.fetch({ max_messages: 100, expires: 10_000 })) {
        assert.equal(message.string(), `message ${++seen}`);
        assert.equal(message.seq, seen);
        assert.ok(await message.ackAck());
      }
    }
    const info = await consumer.info();
    assert.deepEqual([info.num_pending, info.num_ack_pending, info.ack_floor.stream_seq], [0, 0, MESSAGES]);
  });

  claim("a message that is refused comes again", async (client) => {
    const manager = await jetstreamManager(client);
    await manager.consumers.add(stream, { durable_name: "again", ack_policy: AckPolicy.Explicit, max_ack_pending: 1 });
    const consumer = await jetstream(client).consumers.get(stream, "again");
    const first = await consumer.next();
    first.nak();
    const second = await consumer.next();
    assert.deepEqual([second.seq, second.redelivered, second.info.deliveryCount], [1, true, 2]);
    second.ack();
  });

  claim("a push consumer gets each message once and in order", async (client) => {
    const manager = await jetstreamManager(client);
    await manager.consumers.add(stream, {
      durable_name: "push",
      deliver_subject: `deliver.${stream}`,
      ack_policy: AckPolicy.Explicit,
      idle_heartbeat: 1_000_000_000,
      flow_control: true,
    });
    const consumer = await jetstream(client).consumers.getPushConsumer(stream, "push");
    let seen = 0;
    for await (const message of await consumer.consume()) {
      assert.equal(message.string(), `message ${++seen}`);
      message.ack();
      if (message.info.pending === 0) break;
    }
    assert.equal(seen, MESSAGES);
  });

  claim("a key-value store keeps values, revisions and deletions", async (client) => {
    const kv = await new Kvm(client).create(`kv_${stream}`, { history: 5 });
    const watched = [];
    const watch = await kv.watch();
    const watching = (async () => {
      for await (const entry of watch) {
        watched.push(`${entry.key} ${entry.operation} ${entry.string()}`);
        if (entry.operation === "DEL") break;
      }
    })();
    const revision = await kv.create("color", "red");
    await kv.update("color", "green", revision);
    await assert.rejects(kv.update("color", "blue", revision));
    assert.equal((await kv.get("color")).string(), "green");
    await kv.delete("color");
    await watching;
    assert.deepEqual(watched, ["color PUT red", "color PUT green", "color DEL "]);
  });

  claim("an object store gives back what was put", async (client) => {
    const store = await new Objm(client).create(`obj_${stream}`);
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * 31) >> 3);
    const put = await store.putBlob({ name: "big" }, bytes);
    assert.equal(put.size, bytes.length);
    assert.ok(Buffer.from(await store.getBlob("big")).equals(Buffer.from(bytes)));
    assert.ok((await store.delete("big")).success);
  });

  test(`the client before this one works with streams and key-value, ${way}`, { skip }, async () => {
    const client = await connectOld({ servers: url() });
    const [js, manager] = [client.jetstream(), await client.jetstreamManager()];
    const old = `${stream}_old`;
    await manager.streams.add({ name: old, subjects: [`${old}.>`] });
    for (let i = 1; i <= 100; i++) assert.equal((await js.publish(`${old}.a`, text.encode(String(i)))).seq, i);
    count(100);
    await manager.consumers.add(old, { durable_name: "pull", ack_policy: OldAckPolicy.Explicit });
    let seen = 0;
    for await (const message of await (await js.consumers.get(old, "pull")).fetch({ max_messages: 100 })) {
      assert.equal(text.decode(message.data), String(++seen));
      message.ack();
    }
    assert.equal(seen, 100);
    const kv = await js.views.kv(`kv_${old}`);
    await kv.put("a", text.encode("b"));
    assert.equal(text.decode((await kv.get("a")).value), "b");
    await client.close();
  });
}

test("the proxy has recorded as many messages as were published into streams", { skip }, async () => {
  assert.equal(await servers.recorded("proxied.>", "proxied_old.>"), published);
});
