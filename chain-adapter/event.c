#include "chain-adapter/chain.h"

/* number, time, sender, kind, batch, member, dispute, end, fell, paid, length */
enum { HEAD_BYTES = 8 + 8 + 20 + 1 + 8 + 4 + 4 + 1 + 1 + 8 + 8 };

void crux_chain_event_hash(uint8_t hash[32], const uint8_t previous[32],
                           const struct crux_chain_event *event) {
    uint8_t head[HEAD_BYTES];
    struct crux_writer writer;
    struct crux_sha256_plain_ctx ctx;
    const struct crux_game_outcome *outcome = &event->outcome;
    crux_writer_init(&writer, head, sizeof head);
    crux_put_u64(&writer, event->number);
    crux_put_u64(&writer, event->time);
    crux_put_bytes(&writer, event->sender.b, sizeof event->sender.b);
    crux_put_u8(&writer, event->kind);
    crux_put_u64(&writer, outcome->claim.batch);
    crux_put_u32(&writer, outcome->claim.member);
    crux_put_u32(&writer, outcome->dispute);
    crux_put_u8(&writer, outcome->end);
    crux_put_u8(&writer, outcome->fell);
    crux_put_u64(&writer, outcome->paid);
    crux_put_u64(&writer, event->len);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == HEAD_BYTES);
    crux_commitment_begin(&ctx, "crux-event-v1");
    crux_sha256_plain_update(&ctx, previous, 32);
    crux_sha256_plain_update(&ctx, head, sizeof head);
    crux_sha256_plain_update(&ctx, event->bytes, event->len);
    crux_sha256_plain_final(&ctx, hash);
}
