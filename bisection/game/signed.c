#include "bisection/game/signed.h"

#include "bisection/commitment/preimage.h"

/* Begins a preimage of what is signed for one chain and contract. */
static void begin(struct crux_sha256_plain_ctx *ctx, const char *tag,
                  const struct crux_game *game) {
    crux_commitment_begin(ctx, tag);
    crux_sha256_plain_update(ctx, game->chain_id, 32);
    crux_sha256_plain_update(ctx, game->contract, 32);
}

void crux_game_pick_digest(uint8_t digest[32], const struct crux_game *game,
                           const struct crux_signed_pick *pick) {
    uint8_t bytes[8 + 4 + 4 + 4 + 32 + 8 + 1 + 8];
    struct crux_sha256_plain_ctx ctx;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    crux_put_u64(&writer, pick->claim.batch);
    crux_put_u32(&writer, pick->claim.member);
    crux_put_u32(&writer, pick->dispute);
    crux_put_u32(&writer, pick->round);
    crux_put_bytes(&writer, pick->node, 32);
    crux_put_u64(&writer, pick->index);
    crux_put_u8(&writer, pick->padding);
    crux_put_u64(&writer, pick->expiry);
    CRUX_ASSERT(writer.status == CRUX_OK && writer.at == sizeof bytes);
    begin(&ctx, "crux-pick-v1", game);
    crux_sha256_plain_update(&ctx, bytes, sizeof bytes);
    crux_sha256_plain_final(&ctx, digest);
}

void crux_game_cancel_digest(uint8_t digest[32], const struct crux_game *game,
                             const uint8_t request_hash[32], uint32_t tokens) {
    struct crux_sha256_plain_ctx ctx;
    uint8_t count[4];
    crux_store_u32(count, tokens);
    begin(&ctx, "crux-cancel-v1", game);
    crux_sha256_plain_update(&ctx, request_hash, 32);
    crux_sha256_plain_update(&ctx, count, sizeof count);
    crux_sha256_plain_final(&ctx, digest);
}

void crux_game_requester_nonce(uint8_t nonce[32], const struct crux_account *requester,
                               const uint8_t salt[32]) {
    struct crux_sha256_plain_ctx ctx;
    crux_commitment_begin(&ctx, "crux-asker-v1");
    crux_sha256_plain_update(&ctx, requester->b, sizeof requester->b);
    crux_sha256_plain_update(&ctx, salt, 32);
    crux_sha256_plain_final(&ctx, nonce);
}
