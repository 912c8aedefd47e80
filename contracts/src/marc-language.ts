type Pair = readonly [tag: string, code: string];

function pairsIn(text: string): readonly Pair[] {
  return text
    .trim()
    .split(/\s+/)
    .map((pair) => pair.split(':') as unknown as Pair);
}

/**
 * Languages that BCP 47 and MARC 21 call differently: the two letters of ISO 639-1 and the three of ISO 639-2 (bibliographic), from which MARC's
 * code list hardly differs. All others have three letters in both.
 */
const pairs = pairsIn(`
aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul bh:bih bi:bis bm:bam bn:ben bo:tib br:bre
bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:cze cu:chu cv:chv cy:wel da:dan de:ger dv:div dz:dzo ee:ewe el:gre en:eng eo:epo es:spa et:est eu:baq
fa:per ff:ful fi:fin fj:fij fo:fao fr:fre fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat hu:hun hy:arm
hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:ice it:ita iu:iku ja:jpn jv:jav ka:geo kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan
ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mao mk:mac ml:mal
mn:mon mr:mar ms:may mt:mlt my:bur na:nau nb:nob nd:nde ne:nep ng:ndo nl:dut nn:nno no:nor nr:nbl nv:nav ny:nya oc:oci oj:oji om:orm or:ori os:oss
pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:rum ru:rus rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slo sl:slv sm:smo sn:sna
so:som sq:alb sr:srp ss:ssw st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso tt:tat tw:twi
ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor za:zha zh:chi zu:zul
`);

/** Codes that MARC gave up, or never had because ISO 639-2 has two for the language; records have them all the same. */
const others = pairsIn(`
sr:scc hr:scr ro:mol gl:gag ga:iri gd:gae gv:max oc:lan fy:fri ia:int fo:far st:sso ss:swz tt:tar tn:tsw om:gal gn:gua mg:mla sm:sao si:snh tg:taj
tl:tag km:cam eo:esp se:lap gez:eth sq:sqi hy:hye eu:eus my:mya zh:zho cs:ces nl:nld fr:fra ka:kat de:deu el:ell is:isl mk:mkd mi:mri ms:msa fa:fas
ro:ron sk:slk bo:bod cy:cym
`);

const tags = new Map([...others, ...pairs].map(([tag, code]) => [code, tag]));
const codes = new Map(pairs);

/** These say that it is not known, several or none. */
const noLanguages = ['und', 'mul', 'zxx', 'xxx'];

/** A language as BCP 47 has it, by MARC's three letters. @returns nothing for what is no language */
export function languageOfMarc(code: string): string | undefined {
  return !/^[a-z]{3}$/.test(code) || noLanguages.includes(code) ? undefined : (tags.get(code) ?? code);
}

/** MARC's three letters for a language, by its tag. @returns nothing where MARC has no code that says just as much */
export function marcOfLanguage(tag: string): string | undefined {
  const code = codes.get(tag) ?? tag;
  return languageOfMarc(code) === tag ? code : undefined;
}
