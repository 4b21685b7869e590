/* A model of spec/70-game.md#receipts for spin: one executor that pledges, two receipts for one request, two holders.
 *
 * Chosen at the start: who is honest, whether both receipts name one claim. An honest executor names one claim, posts what
 * it has promised and keeps each call in time; any other does whatever the rules allow. Checked in every order:
 *   safety       value is conserved; an honest executor's pledge never falls; who calls a broken promise loses nothing;
 *                of what falls at least half burns; a pledge is taken out whole, and not under an open promise
 *   termination  every game ends (no invalid end state, no cycle), with every call answered or lapsed
 * Times are not counted: a receipt is due, callable, or over, and a call is in time or late. */

#define N       2
#define PLEDGE  10
#define PENALTY 7 /* so that the second one to fall is what is left */
#define REWARD  3
#define FEE     1
#define MONEY   20

#define DUE      0 /* before the deadline */
#define CALLABLE 1
#define OVER     2

#define UNCALLED 0
#define OPEN     1
#define LATE     2 /* nobody has answered in time */
#define KEPT     3
#define BROKEN   4

bool honest, same;
byte phase = DUE;
bool posted[N];
byte state[N] = UNCALLED, holder[N];
byte open_calls;
bool leaving, free, released, convicted;

short executor = MONEY, account[N] = MONEY, pledge, fees, burned;
byte lost; /* of the pledge, in all */
byte falls, prize;

#define TOTAL (executor + account[0] + account[1] + pledge + fees + burned)
#define LEAST(a, b) (a < b -> a : b)

/* What falls of the pledge, and of that, what somebody gets. */
inline fall(most, who) {
    falls = LEAST(most, pledge);
    prize = LEAST(REWARD, falls / 2);
    lost = lost + falls;
    burned = burned + falls - prize;
    account[who] = account[who] + prize;
    pledge = pledge - falls
}

inline check() {
    assert(TOTAL == 3 * MONEY);
    assert(!honest || lost == 0);
    assert(2 * burned >= lost);
    assert(open_calls == (state[0] == OPEN || state[0] == LATE) + (state[1] == OPEN || state[1] == LATE));
    assert(fees == FEE * open_calls)
}

/* What may happen to receipt i. */
inline move(i) {
    if
    /* "A batch that was posted after the deadline will do" */
    :: !posted[i] -> posted[i] = true
    /* "`call`, by anybody who holds a receipt, for demand_fee: the executor has a pledge, now > the receipt's deadline and no
     * more than window_seconds later" */
    :: state[i] == UNCALLED && phase == CALLABLE && pledge > 0 ->
        if
        :: holder[i] = 0
        :: holder[i] = 1
        fi;
        account[holder[i]] = account[holder[i]] - FEE;
        fees = fees + FEE;
        open_calls++;
        state[i] = OPEN
    /* "`keep`, by anybody, in that time" "The fee goes to the executor." */
    :: state[i] == OPEN && posted[i] ->
        fees = fees - FEE;
        executor = executor + FEE;
        open_calls--;
        state[i] = KEPT
    /* the demand's time is over; an honest executor is in time */
    :: state[i] == OPEN && !honest -> state[i] = LATE
    /* "`lapse`, by anybody, after that time": "the holder has its fee again, and receipt_reward, or half of what falls if that
     * is less; all else is burned" */
    :: state[i] == LATE ->
        assert(pledge > 0 || lost == PLEDGE);
        fall(PENALTY, holder[i]);
        fees = fees - FEE;
        account[holder[i]] = account[holder[i]] + FEE;
        open_calls--;
        state[i] = BROKEN
    fi
}

init {
    atomic {
        if
        :: honest = true; same = true
        :: same = true
        :: same = false
        fi;
        executor = executor - PLEDGE;
        pledge = PLEDGE
    }
    do
    :: atomic { !posted[0] || state[0] == OPEN || state[0] == LATE || (state[0] == UNCALLED && phase == CALLABLE && pledge > 0) ->
        move(0); check() }
    :: atomic { !posted[1] || state[1] == OPEN || state[1] == LATE || (state[1] == UNCALLED && phase == CALLABLE && pledge > 0) ->
        move(1); check() }
    /* the deadline passes; an honest executor has posted by then, or posts what is called */
    :: atomic { phase < OVER -> phase++; check() }
    /* "`leave` announces that the pledge goes" */
    :: atomic { !leaving && !released && (pledge > 0 || open_calls > 0) -> leaving = true; check() }
    :: atomic { leaving && !free -> free = true }
    /* "`release` takes it out, if now > the time of leave + leave_seconds and no promise is open" */
    :: atomic { leaving && free && open_calls == 0 ->
        executor = executor + pledge;
        pledge = 0;
        leaving = false;
        released = true;
        check() }
    /* "`convict`, by anybody and at any time: two receipts of one executor for one request whose claim hashes differ" */
    :: atomic { !same && !convicted && pledge > 0 ->
        if
        :: fall(PLEDGE, 0)
        :: fall(PLEDGE, 1)
        fi;
        convicted = true;
        check() }
    :: atomic { phase == OVER && open_calls == 0 && posted[0] && posted[1] -> break }
    od;
    assert(!honest || executor + pledge >= MONEY);
    /* who called a broken promise has at least what it began with, less the fees of calls that were kept */
    assert(account[0] >= MONEY - FEE * ((state[0] == KEPT && holder[0] == 0) + (state[1] == KEPT && holder[1] == 0)));
    assert(account[1] >= MONEY - FEE * ((state[0] == KEPT && holder[0] == 1) + (state[1] == KEPT && holder[1] == 1)))
}
