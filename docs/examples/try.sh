# The API from a shell, beside a running scripts/up. In the checkout:  . docs/examples/try.sh
#
#   as NAME            speak as buyer, supplier, bank, insurer, customs-1, observer-1, operator, ...
#   get PATH           print the answer          post PATH JSON    the same, with a fresh Idempotency-Key
#   field a.0.b        take one value out of the JSON on stdin
#   in_days N          business time in N days, as the API writes it; day_in N: that day, counted from 1970
#   sign               sign the act on stdin with the actor's own key and hand the signature in
#   notice CODE ID DECLARATION  a customs notification of this moment
#   deliver MEMBER KIND FILE    put one item into a committee member's inbox

DATA=${HANSE_DATA:-.hanse}
PYTHON=${PYTHON:-.venv/bin/python}

hanse() { "$PYTHON" -m hanse "$@"; }

field() {
    "$PYTHON" -c 'import json, sys
at = json.load(sys.stdin)
for step in sys.argv[1].split("."):
    at = at[int(step) if step.isdigit() else step]
print(at if isinstance(at, str) else json.dumps(at))' "$1"
}

API=$(field api < "$DATA/run.json")

as() {
    KEY=$(field "actors.$1.api_key" < "$DATA/credentials.json")
    MEMBER_KEY=$(field "actors.$1.private_key" < "$DATA/credentials.json")
    export MEMBER_KEY
}

get() { curl -s -H "Authorization: Bearer $KEY" "$API$1"; }

in_days() {
    get /v1/clock | "$PYTHON" -c 'import datetime as d, json, sys
now = d.datetime.fromisoformat(json.load(sys.stdin)["business_time"])
print((now + d.timedelta(days=int(sys.argv[1]))).strftime("%Y-%m-%dT%H:%M:%SZ"))' "$1"
}

day_in() {
    in_days "$1" | "$PYTHON" -c 'import datetime as d
print((d.datetime.fromisoformat(input()).date() - d.date(1970, 1, 1)).days)'
}

post() {
    curl -s -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -H "Prefer: wait=30" \
        -H "Idempotency-Key: $(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" -d "$2" "$API$1"
}

sign() {
    act=$(cat)
    post "/v1/acts/$(printf %s "$act" | field id)/signatures" \
        "$(printf %s "$act" | "$PYTHON" docs/examples/sign_act.py)"
}

notice() {
    issued=$(get /v1/clock | field business_time | tr -d ':T-')
    sed -e "s/CODE/$1/" -e "s/MESSAGE/$2/" -e "s/NUMBER/$3/" -e "s/ISSUED/$issued/" docs/examples/notice.xml
}

deliver() {
    home=$DATA/oracle/$1
    curl -s -H "Authorization: Bearer $(cat "$home/token")" \
        -d "{\"kind\": \"$2\", \"raw\": \"$(base64 < "$3" | tr -d '\n')\"}" "$(field url < "$home/door.json")/inbox"
}
