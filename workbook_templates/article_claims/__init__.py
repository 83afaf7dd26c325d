"""Every number of the article, recomputed."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.article_claims.calc import CALC
from workbook_templates.article_claims.claims import STATED
from workbook_templates.article_claims.inputs import INPUTS, RATE, UTILISATION
from workbook_templates.spec import (
    CategoryChart,
    Change,
    Check,
    Grid,
    HeatMap,
    Kpi,
    Line,
    Series,
    StatedStrip,
    Template,
    XyChart,
    axis,
    only_missing,
)

COST_GRID = Grid(
    "by_rate",
    "A  What a million tokens cost, by speed and utilisation",
    "One H100 at the live rent. Bold = no dearer than the API; the article's $0.0038 is in no cell.",
    axis(RATE, 50, 100, 185, 370, 1000, 3000, 10_000),
    (
        Line("full_use", "At full use", u.USD_PER_MTOK, "=COST_PER_MTOK(h100_rent, token_rate)"),
        Line("printed_level", "As printed", u.USD_PER_MTOK_FINE, "=printed_floor"),
        Line("api_level", "API, blended", u.CENTS_PER_MTOK, "=cloud_price"),
    ),
    axis(UTILISATION, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1),
    (),
    Line("cost_at", "Cost", u.CENTS_PER_MTOK, "=COST_PER_MTOK(h100_rent, token_rate, utilisation)"),
    bold_below="cloud_price",
)

SCENARIOS = StatedStrip(
    "scenarios",
    "B  Every figure in every scenario",
    "Base: the article's inputs. Bull: the kinder end of its ranges. Bear: the harsher end, models as published. 1 = holds.",
    tuple(row.name for row in STATED),
    break_before=True,
    count="agree",
)

TEMPLATE = Template(
    name="article_claims",
    title="The article's figures, recomputed",
    reader="Everyone who quotes the article",
    question="Which numbers of the article hold, which do not, and by how much?",
    purpose="Every figure of Devansh, The Real Cost of Running AI, beside what its own inputs give.",
    how=(
        "Read Calc_Claims: a row for each figure, with the article's, ours, the difference and the verdict.",
        "Change any amber cell on Inputs: figures, verdicts and counts follow.",
        "Choose Bull or Bear on Inputs, cell D4, to see what holds at the ends of the article's own ranges.",
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    blocks=(COST_GRID, SCENARIOS),
    kpis=(
        Kpi("Figures examined", "examined", u.COUNT, "one row each"),
        Kpi("Hold", "agree", u.COUNT, "to the digits printed"),
        Kpi("Nearly right", "slips", u.COUNT, "a digit, or MiB for MB"),
        Kpi("Do not hold", "wrong", u.COUNT, "not from its own inputs"),
        Kpi("A million tokens", "floor", u.CENTS_PER_MTOK, "one sequence, full use"),
        Kpi("Over the print", "floor_factor", u.MULTIPLE, "of $0.0038"),
    ),
    reading=(
        '=agree&" of "&compared&" comparable figures hold, "&slips&" nearly, "&wrong&" do not."',
        '="A million tokens: $"&FIXED(kpi.floor,2)&" for one sequence, "&FIXED(floor_factor,0)&" times what is printed."',
    ),
    charts=(
        CategoryChart(
            "Figures by verdict",
            "Bars: how many of the article's figures have each verdict.",
            "word",
            (Series("with_verdict", "Figures", colour=style.SKY, labels="0"),),
            up="figures",
            bars=True,
        ),
        CategoryChart(
            "Article over recomputed, powers of ten: the ten furthest off",
            "Bars: the base-ten logarithm of the article's figure over the right one, for the ten that are furthest off.",
            "calc_claims.furthest_labels",
            (Series("calc_claims.furthest", "log10", colour=style.AMBER, labels="+0.00;-0.00;0.00"),),
            up="0 = right, -3 = a thousandth of it",
            format="0",
            bars=True,
        ),
        CategoryChart(
            "Figures by chapter of the article",
            "Columns stacked: for each chapter, the figures that hold, nearly hold, do not, and cannot be compared.",
            "chapter",
            (
                Series("hold", "hold", colour=style.TEAL),
                Series("nearly", "off by a digit", colour=style.SKY),
                Series("in_1024s", "right in 1024s", colour=style.AMBER),
                Series("not_right", "wrong", colour=style.CORAL),
                Series("contradicts", "contradict others", colour=style.NAVY),
                Series("one_sided", "nothing to compare", colour=style.GREY),
            ),
            up="figures",
            stacked=True,
        ),
        CategoryChart(
            "Article over recomputed, powers of ten: every figure in order",
            "Columns: the base-ten logarithm of the article's figure over the right one, for every figure in its order.",
            "calc_claims.section",
            (Series("calc_claims.log_ratio", "log10", colour=style.CORAL),),
            across="section of the article",
            format="+0.0;-0.0;0",
            every=6,
        ),
        XyChart(
            "A million tokens at full use, by tokens a second, log scales",
            "Curve on log scales: cost against speed, the article's printed cost, the API's price, and the live rate.",
            "by_rate.across",
            (
                Series("by_rate.full_use", "full use", colour=style.NAVY, markers=True),
                Series("by_rate.api_level", "API price", colour=style.GREY, dash=True),
                Series("by_rate.printed_level", "as printed", colour=style.CORAL, dash=True),
                Series("kpi.floor", "one sequence", kind="point", x="token_rate", colour=style.AMBER),
                Series("batch_cost", "all that fit", kind="point", x="batch_rate", colour=style.TEAL),
            ),
            across="tokens a second, one H100",
            format="$#,##0.000",
            log_x=True,
            log=True,
        ),
        HeatMap("$/Mtok by tokens a second and utilisation; bold = below the API", "by_rate", (0, 2, 4, 6)),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        shared.NO_ERROR_ON_CALC,
        Check(
            "No error but #N/A among the figures",
            "ISERR(SUM(calc_claims.values))=FALSE",
            "#N/A where the article gives nothing to compute from; any other error is a fault",
            bare=True,
        ),
        only_missing("scenarios", "where the article gives nothing to compute from"),
        Check(
            "Every figure has its computation",
            'COUNT(calc_claims.recomputed)+COUNTIF(calc_claims.verdict,"assumption")=examined',
            "A number, or #N/A where the verdict says assumption",
        ),
        Check(
            "Verdict counts sum to the rows",
            "with_verdict.total=ROWS(calc_claims.verdict)",
            "No verdict is of none of the kinds",
        ),
        Check(
            "Chapters sum to the rows", "in_chapter.total=ROWS(calc_claims.verdict)", "No figure stands outside the chapters"
        ),
        Check(
            "Chapters hold what verdicts count",
            "(hold.total=agree)*(one_sided.total=examined-compared)>0",
            "Two counts of the figures that hold, and of those with nothing to compare",
        ),
        Check(
            "Chapters miss what verdicts count", "not_right.total+contradicts.total=wrong", "Two counts of what does not hold"
        ),
        Check(
            "Base gives what pycalc gives",
            "(scenario_index>1)+(MAX(calc_claims.gap)<=1E-09)>0",
            "Each figure of Base against pycalc's; else an amber cell of Base is no longer the article's",
        ),
        Check(
            "Base has the recorded verdicts",
            "(scenario_index>1)+(SUMPRODUCT((calc_claims.verdict=calc_claims.recorded)*1)=examined)>0",
            "Live verdicts against those of llmecon claims",
        ),
        Check(
            "Scenario strip counts as many",
            "INDEX(scenarios.agree,1,scenario_index)=agree",
            "Second computation on Sensitivity",
        ),
        Check(
            "Scenario strip gives the same figures",
            "SUM(scenarios.off)=0",
            "Line by line, second computation on Sensitivity",
        ),
        Check(
            "Printed ranges are in order",
            "SUMPRODUCT((calc_claims.low>calc_claims.high)*1)=0",
            "No low end above its high end",
        ),
        Check(
            "The largest slip leads back to the print",
            "ABS(floor_factor*printed_floor/floor-1)+ABS(needed_streams*token_rate/needed_rate-1)<=1E-09",
            "Factor times print, sequences times their speed",
        ),
        Check(
            "The speed for the print costs the print",
            "ABS(COST_PER_MTOK(h100_rent, needed_rate)/printed_floor-1)<=1E-09",
            "The function, put the other way round",
        ),
        Check(
            "The phone for the print takes as long",
            "ABS(phone_needed*phone_wait/phone_gflops/c_4_5_prefill_phone-1)<=1E-09",
            "Operations by both routes",
        ),
        Check(
            "A full batch pays the rent",
            "ABS(batch_cost*batch_rate*3600/(h100_rent*1E+06)-1)<=1E-09",
            "What an hour's tokens cost is the hour's price",
        ),
        Check(
            "Licence and share lead back",
            "ABS(licence_needed/life_months-device_usd)+ABS(share_agree*compared-agree)<=1E-09",
            "A month of the licence, and the figures that hold",
        ),
        Check(
            "A token's cost times a million",
            "ABS(c_6_2_per_token*1E+06/c_6_2_mtok_full-1)<=1E-09",
            "The step at which the article lost a factor of a thousand",
        ),
    ),
    headlines=("agree", "wrong", "slips", "examined", "share_agree", "floor", "floor_factor", "batch_cost"),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
    signs="Differences are signed, minus = the article's figure is below the right one",
)
