"""The two pages, in English and Korean. No scripts: they work wherever HTML does."""

from html import escape

WORDS = {
    "en": {
        "title": "Survey", "question": "How was it?", "survey": "Survey", "comment": "Comment", "send": "Send",
        "results": "Results", "form": "Give an answer", "score": "Score", "count": "Answers", "average": "Average",
        "none": "No answers yet.", "files": "Files", "stored": "stored", "bad": "not stored", "line": "Line", "reason": "Reason",
        "thanks": "Thank you, your answer is stored.", "worst": "bad", "best": "good", "wrong": "This could not be stored",
        "low": "below the limit",
    },
    "ko": {
        "title": "설문", "question": "어떠셨나요?", "survey": "설문", "comment": "의견", "send": "보내기",
        "results": "결과", "form": "답변하기", "score": "점수", "count": "답변 수", "average": "평균",
        "none": "아직 답변이 없습니다.", "files": "파일", "stored": "저장됨", "bad": "저장되지 않음", "line": "줄",
        "reason": "이유",
        "thanks": "감사합니다. 답변이 저장되었습니다.", "worst": "나쁨", "best": "좋음", "wrong": "저장할 수 없습니다",
        "low": "기준 미달",
    },
}  # fmt: skip

STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
fieldset { border: 1px solid; border-radius: .5rem; margin: 1rem 0 }
label { margin-right: 1rem } select, textarea, button { font: inherit } textarea { width: 100%; box-sizing: border-box }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid }
meter { width: 100% } .note { border-left: .3rem solid #b45309; padding-left: .7rem }
"""

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def language(event):
    """The language that the reader's browser asks for first."""
    asked = (event.get("headers") or {}).get("accept-language", "")
    return "ko" if asked.strip().lower().startswith("ko") else "en"


def page(lang, title, body):
    """A whole page."""
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def form(lang, surveys, id_):
    """The form. `id_` names the answer: sent twice, it is stored once."""
    words = WORDS[lang]
    options = "".join(f"<option>{escape(name)}</option>" for name in surveys)
    scores = "".join(f'<label><input type="radio" name="score" value="{n}" required> {n}</label>' for n in range(1, 6))
    return page(
        lang,
        words["title"],
        f'<form method="post" action="/responses"><input type="hidden" name="id" value="{escape(id_)}">'
        f'<p><label>{words["survey"]} <select name="survey">{options}</select></label></p>'
        f"<fieldset><legend>{words['question']} (1 {words['worst']} – 5 {words['best']})</legend>{scores}</fieldset>"
        f'<p><label>{words["comment"]}<textarea name="comment" rows="4" maxlength="1000"></textarea></label></p>'
        f'<p><button>{words["send"]}</button> <a href="/results">{words["results"]}</a></p></form>',
    )


def wrong(lang, reasons):
    """What is said about an answer that cannot be stored."""
    words = WORDS[lang]
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return page(lang, words["wrong"], f'<ul class="note">{items}</ul><p><a href="/">{words["form"]}</a></p>')


def results(lang, surveys, reports, thanks):
    """`surveys` have {"survey", "scores", "count", "average", "low"}, `reports` as `store.reports` gives them."""
    words = WORDS[lang]
    parts = [f'<p role="status">{words["thanks"]}</p>'] if thanks else []
    for found in surveys:
        parts.append(f"<h2>{escape(found['survey'])}</h2>")
        if not found["count"]:
            parts.append(f"<p>{words['none']}</p>")
            continue
        low = f" – <strong>{words['low']}</strong>" if found["low"] else ""
        parts.append(f"<p>{words['average']}: {found['average']:.1f} / 5 ({found['count']} {words['count']}){low}</p>")
        rows = "".join(
            f'<tr><th scope="row">{score}</th><td>{number}</td>'
            f'<td><meter min="0" max="{found["count"]}" value="{number}">{number}</meter></td></tr>'
            for score, number in sorted(found["scores"].items(), reverse=True)
        )
        head = f'<tr><th scope="col">{words["score"]}</th><th scope="col">{words["count"]}</th><td></td></tr>'
        parts.append(f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>")
    if reports:
        parts.append(f"<h2>{words['files']}</h2>")
    for report in reports:
        parts.append(
            f"<h3>{escape(report['upload'])}</h3><p>{report['stored']} {words['stored']}, {report['bad']} {words['bad']}</p>"
        )
        if report["rows"]:
            rows = "".join(
                f'<tr><th scope="row">{row["line"]}</th><td>{escape(row["reason"])}</td></tr>'
                for row in report["rows"][:100]
            )
            head = f'<tr><th scope="col">{words["line"]}</th><th scope="col">{words["reason"]}</th></tr>'
            parts.append(f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>")
    parts.append(f'<p><a href="/">{words["form"]}</a></p>')
    return page(lang, words["results"], "".join(parts))
