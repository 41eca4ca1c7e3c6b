"""Short and pet forms of given names, so that Bill may be William and Sepp may be Josef.

A short form may stand for several names: Alex is Alexander or Alexandra. So this is evidence that two
names may be one, never that they are.

>>> sorted(formal_names("Bill")), sorted(formal_names("alex")), sorted(formal_names("xenia"))
(['william'], ['alejandro', 'alexander', 'alexandra', 'alexis'], ['xenia'])
>>> same_given_name("Bob", "Robert"), same_given_name("Bob", "Bill"), same_given_name("Peggy", "Meg")
(True, False, True)
"""

from functools import cache

__all__ = ["formal_names", "same_given_name"]


def formal_names(given: str) -> frozenset[str]:
    """The full names that ``given`` may stand for, itself when it is none of the known short forms; lower case."""
    name = given.lower()
    return _short_forms().get(name) or frozenset((name,))


def same_given_name(one: str, other: str) -> bool:
    """Whether the two may be forms of one name."""
    mine, theirs = _with_itself(one), _with_itself(other)
    return not mine.isdisjoint(theirs)


def _with_itself(given: str) -> frozenset[str]:
    name = given.lower()
    known = _short_forms().get(name)
    return known | {name} if known else frozenset((name,))


@cache
def _short_forms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _TABLE.split("\n"):
        formal, _, short = line.partition(":")
        for each in short.split():
            found.setdefault(each, set()).add(formal.strip())
    return {short: frozenset(names) for short, names in found.items()}


# English, German, French, Spanish and others, without accents; what is usual, not all there ever was
_TABLE = """\
abigail: abby abbie gail
abraham: abe bram
adelaide: addie adele
albert: al bert bertie albie
alejandro: alex ale jandro
alexander: alex al alec lex sandy sascha sasha xander zander alek
alexandra: alex sandra sandy lexi sasha alix
alexis: alex lexi
alfred: al alf alfie fred freddy
alice: ally allie
allison: ally allie
amanda: mandy manda
amelia: amy mia millie
andrew: andy drew
andreas: andi andy
angela: angie
ann: annie nan nancy
anna: ann anne annie anni nan anja anouk
anthony: tony ant
antonio: tony toni nino tonio
antoine: toine tony
arnold: arnie
arthur: art artie
augustus: gus august
barbara: barb babs barbie baerbel babsi
bartholomew: bart
beatrice: bea trixie
benedict: ben
benjamin: ben benny benji
bernard: bernie barney
bernhard: bernd bernie
bradley: brad
brigitte: gitte gitti biggi
caroline: carrie carol caro
carolyn: carol carrie
catherine: cathy cath kate katie cat cate kathy kitty trina
cecilia: cece cissy
charles: charlie chuck chas charley carlos karl chip
charlotte: charlie lottie lotte char
christian: chris
christina: chris chrissy tina christa
christine: chris chrissy tina christl
christopher: chris kit topher
clifford: cliff
cornelius: neil conny
cynthia: cindy
daniel: dan danny
danielle: dani
david: dave davey
deborah: deb debbie debby debra
dennis: denny
diana: di
dolores: lola
dominic: dom nick
dominique: dom nick
donald: don donnie donny
dorothy: dot dottie dolly dory
douglas: doug
edgar: ed
edmund: ed eddie ned
edward: ed eddie ted teddy ned eddy
edwin: ed eddie
eleanor: ellie nell nellie nora ella lenore
elisabeth: elsa elsbeth elli liesel lisa lisbeth liz sissi else lisl betti
elizabeth: liz lizzie beth betty betsy eliza lisa libby bess bessie lizzy liza elsie lisbeth
emily: em emmy millie
emma: em
enrique: quique kike
eric: rick ricky
ernest: ernie
eugene: gene
evelyn: eve evie
ferdinand: ferdi ferdl
florence: flo flossie
florian: flo
frances: fran fannie frankie
francis: frank fran frankie
francisco: paco pancho curro fran kiko
franklin: frank
franz: franzl
frederick: fred freddie freddy rick fritz
friedrich: fritz friedl fred
gabriel: gabe
gabriele: gabi gaby
genevieve: gen jenny viv
geoffrey: geoff jeff
georg: schorsch joerg
george: georgie
gerald: gerry jerry
gerard: gerry
gerhard: gerd gert
gertrude: gertie trudy
gottfried: friedl
gregory: greg gregg
guadalupe: lupe lupita
guillermo: guille memo
gustav: gus
gunter: gunther
hannah: hanna
harold: harry hal
heinrich: heinz heiner heini
helen: nell ellie
henry: harry hank hal
herbert: herb bert
ignacio: nacho
irene: rena
isabella: bella izzy belle isa
isabel: bella izzy belle isa
jackson: jack
jacob: jake jakob
jacqueline: jackie jacqui
jakob: jockel jack jacky
james: jim jimmy jamie jem
jane: janie jenny
janet: jan
jean: jeannot
jeffrey: jeff
jennifer: jen jenny jenn
jeremy: jerry jem
jerome: jerry
jessica: jess jessie
jesus: chuy chucho
joachim: jochen achim jo
joan: joanie
joanna: jo
johann: hans hannes johannes jo
johannes: hans hannes jo
john: jack johnny jon johnnie
jonathan: jon jonny nathan
jose: pepe chepe
josef: sepp beppo jupp
joseph: joe joey jo
josephine: jo josie
joshua: josh
juan: juanito
judith: judy
julia: jules
juliana: jules
karl: charlie kalle
katharina: kathi kaethe katja kati
katherine: kathy kate katie kat kit kitty kathie katy kay
kathleen: kathy kate kat katie
kenneth: ken kenny
kimberly: kim
konrad: conny
lawrence: larry lars laurie
leonard: len lenny leo
leonardo: leo
leopold: leo poldi
leslie: les
lillian: lily lil
linda: lindy
louis: lou louie
louise: lou lulu
lucille: lucy
luis: lucho
ludwig: lutz wiggerl
magdalena: lena magda leni
manuel: manolo manny
manfred: manni fred
marcus: marc mark
margaret: maggie meg peggy marge margie greta madge daisy rita meggie
margarete: grete gretel gretchen greta rita
maria: mary mitzi mia marie ria
mary: molly polly mamie maria
martha: marty patty
martin: marty
matthew: matt matty
matthias: matze hias
maximilian: max maxi
maurice: moe
megan: meg
melissa: missy mel
michael: mike mick mickey micky mikey mitch michi
michelle: shelly chelle mickey
mildred: millie
mitchell: mitch
mohammed: mo muhammad mohamed mohammad
montgomery: monty
nancy: nan
natalie: nat
natalia: natasha nat
nathan: nate nat
nathaniel: nate nat nathan
nicholas: nick nicky nico
nikolaus: klaus claus niko nick
nicole: nikki nicky
norman: norm
oliver: ollie
olivia: liv livvy
oscar: ozzie
pamela: pam
patricia: pat patty trish tricia patti
patrick: pat paddy rick
paul: paulie
pedro: perico
peter: pete
philip: phil pip flip
philippe: phil
phillip: phil
priscilla: cilla
rachel: rae
ramon: moncho
randolph: randy
raymond: ray
rebecca: becky becca
reginald: reg reggie
reinhold: reini
richard: rick dick rich ricky richie rik
robert: bob rob bobby robbie bert robin
roberta: bobbie
roderick: rod rick
rodney: rod
roger: rodge
ronald: ron ronnie
rosario: charo
rosemary: rose rosie
rudolf: rudi rolf
rudolph: rudy
russell: russ
samantha: sam sammy
samuel: sam sammy
sarah: sally sara sadie
sebastian: seb bastian basti wastl
sergio: checo
sigmund: sigi
siegfried: sigi
simon: si
sophia: sophie fifi
stanley: stan
stephanie: steph steffi
stephan: steffen
stephen: steve steven stevie steph
steven: steve stevie stephen
stuart: stu
susan: sue susie suzy suzanne
susanna: susi sanna
susanne: susi sanne
sylvia: syl
sylvester: sly
tabitha: tabby
terence: terry
teresa: terry tess tessa tere teri resi
theresa: terry tess tessa tracy resi
theodore: ted teddy theo
theodor: theo
thomas: tom tommy thom
timothy: tim timmy
ulrich: uli ulli
ursula: uschi ulla
valerie: val
veronica: ronnie vera
victor: vic
victoria: vicky vicki tori vic
vincent: vince vinny
virginia: ginny ginger
walter: walt wally
wesley: wes
wilhelm: willi willy helmut wim
william: bill will billy willie liam willy
wolfgang: wolf wolfi
yvonne: vonnie
zachary: zach zack zac
"""
