/* A model of spec/70-game.md for spin: one claim, two disputes, a tree of four leaves at k = 2.
 *
 * Chosen at the start: where the claim is false (a leaf, or nowhere), who is honest, D. Honest players follow
 * "Honest players" there and are in time; all others do whatever the rules allow, or are late. Checked in every order:
 *   safety       value is conserved; no honest player loses; one verdict a dispute; a claim that fell is never final
 *   termination  every game ends (no invalid end state, no cycle), with a false claim fallen if anybody honest looked
 * Clocks are not counted: who is honest is in time, who is not can be late at every turn. */

#define N       2  /* disputes, each by its own challenger */
#define BOND    20 /* executor_bond */
#define REWARD  8
#define STAKE   4 /* challenger_bond */
#define DEFENCE 2
#define MONEY   30

#define NONE     0
#define QUEUED   1
#define REVEAL   2
#define PICK     3
#define PROVE    4
#define WON      5
#define LOST     6
#define REFUNDED 7

#define IS_OPEN(d) (stage[d] >= QUEUED && stage[d] <= PROVE)

/* Nodes as in a heap: 1 is the root, 4 .. 7 the leaves. */
byte fault;           /* the leaf that is false; 0: none */
bool honest_executor;
bool honest[N];
byte d_max;           /* D */

byte stage[N], node[N];
byte verdicts[N];
bool revealed[8];     /* "An answer, of a reveal or an expand, is kept for the claim and the place" */
byte opened, started, running, order[N], next;
bool window = true, fallen, final;

short executor = MONEY, challenger[N] = MONEY, bond, stake[N], burned;

#define TOTAL (executor + challenger[0] + challenger[1] + bond + stake[0] + stake[1] + burned)

/* Does the node cover the fault? */
#define COVERS(n) (fault != 0 && ((n) == fault || (n) == fault / 2 || (n) == fault / 4))

/* The stage of the dispute's node, by what has been answered there. */
inline arrive(d) {
    if
    :: node[d] >= 4 -> stage[d] = PROVE
    :: node[d] < 4 && revealed[node[d]] -> stage[d] = PICK
    :: else -> stage[d] = REVEAL
    fi
}

inline start(d) {
    started++;
    running++;
    node[d] = 1;
    arrive(d)
}

/* "If fewer than D disputes of the claim run and none is queued, it runs at once, for challenger_bond. Otherwise it is
 * queued, and as the p-th in the queue it costs (1 + p) * challenger_bond." */
inline open(d) {
    order[opened] = d;
    opened++;
    if
    :: started + 1 == opened && running < d_max -> stake[d] = STAKE; start(d)
    :: else -> stake[d] = STAKE * (1 + opened - started); stage[d] = QUEUED
    fi;
    challenger[d] = challenger[d] - stake[d]
}

/* "The executor loses: the claim falls for ever. Of its bond, the challenger gets the reward, and all else, at least half,
 * is burned. The challenger's own bond returns." */
inline executor_loses(d) {
    assert(!fallen && !final);
    verdicts[d]++;
    stage[d] = WON;
    fallen = true;
    burned = burned + bond - REWARD;
    bond = 0;
    challenger[d] = challenger[d] + REWARD + stake[d];
    stake[d] = 0
}

/* "The challenger loses: of its bond, the executor gets defence_cost, and all else, at least half, is burned. The claim
 * goes on." "When a running dispute ends, the first of the queue runs." */
inline challenger_loses(d) {
    assert(!fallen && !final);
    verdicts[d]++;
    stage[d] = LOST;
    executor = executor + DEFENCE;
    burned = burned + stake[d] - DEFENCE;
    stake[d] = 0;
    running--;
    if
    :: started < opened ->
        /* a dispute ended, so the root is answered: who was queued picks at once */
        next = order[started];
        assert(revealed[1]);
        started++;
        running++;
        node[next] = 1;
        stage[next] = PICK
    :: else -> skip
    fi
}

inline check() {
    assert(TOTAL == MONEY * 3);
    assert(verdicts[0] <= 1 && verdicts[1] <= 1);
    assert(!(fallen && final));
    assert(!(honest[0] && stage[0] == LOST) && !(honest[1] && stage[1] == LOST));
    assert(!(honest_executor && fallen));
    assert(!(fault == 0 && honest[0] && stage[0] != NONE))
}

/* One move in dispute d, whichever is possible. */
inline move(d) {
    if
    /* "and is in time iff now <= window end"; an honest challenger opens a false claim, and no other */
    :: stage[d] == NONE && window && !fallen && (!honest[d] || fault != 0) -> open(d)
    /* reveal: "it answers every dispute that comes there later, at once, and every dispute that waits there" */
    :: stage[d] == REVEAL && !fallen ->
        revealed[node[d]] = true;
        if
        :: stage[1 - d] == REVEAL && node[1 - d] == node[d] -> stage[1 - d] = PICK
        :: else -> skip
        fi;
        stage[d] = PICK
    /* pick: "Pick the first node that differs from your own" */
    :: stage[d] == PICK && !fallen && (!honest[d] || COVERS(2 * node[d])) ->
        node[d] = 2 * node[d];
        arrive(d)
    :: stage[d] == PICK && !fallen && (!honest[d] || !COVERS(2 * node[d])) ->
        assert(!honest[d] || COVERS(2 * node[d] + 1));
        node[d] = 2 * node[d] + 1;
        arrive(d)
    /* prove: "`consistent`, the challenger loses; `inconsistent`, the executor" */
    :: stage[d] == PROVE && !fallen && node[d] == fault -> executor_loses(d)
    :: stage[d] == PROVE && !fallen && node[d] != fault -> challenger_loses(d)
    /* timeout: "the side whose turn it is loses" */
    :: (stage[d] == REVEAL || stage[d] == PROVE) && !fallen && !honest_executor -> executor_loses(d)
    :: stage[d] == PICK && !fallen && !honest[d] -> challenger_loses(d)
    /* "Every other dispute of the claim is over; its challenger's bond returns by `refund`." */
    :: fallen && IS_OPEN(d) ->
        stage[d] = REFUNDED;
        challenger[d] = challenger[d] + stake[d];
        stake[d] = 0
    fi
}

active proctype game() {
    atomic {
        if
        :: fault = 0; honest_executor = true
        :: fault = 0 /* a true claim, whose executor may be late */
        :: fault = 4
        :: fault = 5
        :: fault = 6
        :: fault = 7
        fi;
        if :: honest[0] = true :: skip fi;
        if :: honest[1] = true :: skip fi;
        if :: d_max = 1 :: d_max = 2 fi;
        executor = executor - BOND;
        bond = BOND;
        check()
    }
    do
    :: atomic { move(0); check() }
    :: atomic { move(1); check() }
    /* the window ends; by then who is honest has opened what is false */
    :: atomic {
        window && (fault == 0 || fallen ||
                   ((!honest[0] || stage[0] != NONE) && (!honest[1] || stage[1] != NONE))) ->
        window = false; check() }
    /* "now > window end; no dispute of it is open" */
    :: atomic {
        !window && !fallen && !final && !IS_OPEN(0) && !IS_OPEN(1) ->
        final = true;
        executor = executor + bond;
        bond = 0;
        check() }
    :: !window && (final || (fallen && !IS_OPEN(0) && !IS_OPEN(1))) -> break
    od;
    atomic {
        assert(final != fallen);
        assert(bond == 0 && stake[0] == 0 && stake[1] == 0);
        assert(fault == 0 || fallen || (!honest[0] && !honest[1]));
        assert(!honest_executor || (final && executor >= MONEY));
        assert(!honest[0] || challenger[0] >= MONEY);
        assert(!honest[1] || challenger[1] >= MONEY)
    }
}
