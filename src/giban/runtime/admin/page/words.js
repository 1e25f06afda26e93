// Every text of the page, in both languages, and which language this browser wants. Reasons of decisions come from the API, in both too.
// Keys starting with problem_ are the last part of a problem's type, or its HTTP status; event_, who_ and source_ a code of the API.

const en = {
  skip: "Skip to content", workstation: "Workstation", loading: "Asking the workstation…", retry: "Try again",
  live: "Live", contact_lost: "No contact", last_heard: "last heard {time}", offline: "This device is offline. The page goes on by itself when it is back.",
  lost: "No contact with the workstation's API. Trying again {time}.", waiting: "Waiting {time} before asking again.",
  refused_title: "Not from here", forgotten: "This device is no longer registered. Pair it again.", signed_out: "Signed out. Pair this device to use it again.",

  pair_title: "Pair this device", pair_text: "Ask for a one-time code in a terminal that may use the AWS account:",
  pair_code: "One-time code", pair_code_hint: "Eight characters, valid for 10 minutes.", pair_totp: "Second factor",
  pair_totp_hint: "The six digits your authenticator app shows now.", pair_name: "Name of this device", pair_send: "Pair", pair_busy: "Pairing…",
  pair_missing: "Fill in all three fields.", pair_digits: "The second factor has six digits.", pair_done: "Paired.", device_default: "{browser} on {system}",

  state_off: "Off", state_asked: "Asked to start", state_starting: "Starting", state_booting: "Booting", state_ready: "On", state_stopping: "Stopping",
  state_gone: "The machine is gone", gone_text: "It was terminated or never made. “giban up” makes it again; the home volume survives.",
  on_since: "{duration}, since {time}", off_since: "since {time}", moving_since: "for {duration}",
  stopping_then_start: "It starts again as soon as it has stopped.", starting_then_stop: "It stops again as soon as it has started.",
  ide_quiet: "The machine is on, but its IDE does not answer.", step_asked: "Asked", step_starting: "Machine starts", step_booting: "System boots", step_ready: "IDE answers",
  progress_label: "Progress of the start", title_on: "on", title_off: "off", title_moving: "{percent} %",

  open_ide: "Open the IDE", start: "Start", start_again: "Start again", stop: "Stop now", stop_cancel: "Cancel the start",
  stop_later: "Stop in…", stop_later_change: "Change the stop", new_tab: "(new tab)",

  why_on: "Why it is on", why_off: "Why it is off", why_moving: "What is happening", changes_title: "What changes that", changes_none: "Any activity moves the stop on: an SSH session, typing in the IDE or a terminal, a running job.",
  stops_reserved: "Stops", stops_idle: "Stops without activity", stops_not_before: "Stays on until at least", stops_none: "Next stop", stops_none_value: "not while this lasts",
  stops_latest: "At the latest", source: "from {source}", source_settings: "the blueprint", source_agent: "the host agent", source_reservation: "a planned stop", "source_auto-stop": "the switch below", source_boot: "this boot", until: "until {time}", starts_next: "Next start",

  keep_title: "Keep it on", keep_text: "For work that must not be interrupted, whatever the idle rule says. At most 72 hours.", keep_hours: "{n} h", keep_other: "Longer…",
  keep_dialog: "Keep it on", keep_for: "What for", keep_for_hint: "Shown to everyone and written to the log.", keep_length: "Hours", keep_send: "Keep it on",
  keep_default: "kept from the page", keep_done: "Kept on until {time}.", keep_bad: "A number of hours above 0, at most 72.", keep_why: "Say what it is for.", lease_end: "End", lease_ended: "“{for}” ended.", lease_by: "{by}, until {time}",
  lease_end_label: "End “{for}”",

  auto_title: "Stop automatically", auto_on_text: "Stops after {idle} without activity.", auto_off_text: "Does not stop by itself, except after {maximum} of uptime.",
  auto_done_on: "Automatic stop is on.", auto_done_off: "Automatic stop is off.",

  activity_title: "Activity", ssh: "SSH sessions", none: "none", web: "Browser", web_connected: "open", web_interacting: "used {time}", web_off: "closed", web_seen: "last open {time}",
  work: "Work", work_now: "{percent} % CPU", work_seen: "last {time}", work_none: "quiet", agent: "Host agent", agent_heard: "reported {time}", agent_silent: "silent since {time}", agent_never: "has not reported yet",

  stop_title: "Somebody is using it", stop_text: "Stopping now ends this:", stop_ssh_one: "An SSH session is open", stop_ssh: "{n} SSH sessions are open", stop_web: "The IDE is open in a browser",
  stop_work: "Running: {jobs}", stop_work_cpu: "The processor is busy ({percent} %)", stop_lease: "Kept on: {for}", stop_sure: "Stop now", stop_in_15: "Stop in 15 min", cancel: "Cancel",
  stop_grace: "Stopping in {n} s", stop_undone: "It stays on.", undo: "Undo", later_title: "Stop later", later_text: "It stays on until then, and stops then.", later_minutes: "Minutes from now",
  later_send: "Stop then", later_done: "Stops {time}.", later_bad: "A whole number of minutes, 1 to 4320 (72 hours).", later_removed: "The planned stop is removed.", later_remove: "Do not stop",

  events_title: "Recent events", events_more: "Older events", events_none: "Nothing has happened yet.",
  devices_title: "Devices", device_this: "this device", device_used: "used {time} from {address}", device_never: "never used", device_revoke: "Revoke", device_revoke_label: "Revoke {name}",
  revoke_title: "Revoke “{name}”?", revoke_text: "It loses access at once and has to be paired again.", revoke_own: "This is the device in your hand: you lose access at once.", revoke_done: "“{name}” is revoked.", logout: "Sign out this device",
  password_title: "IDE password", password_text: "A new one takes effect within a minute or two and ends the old one. It is shown once.", password_new: "Make a new password", password_done: "New password made.", copy: "Copy", copied: "Copied.",

  event_start: "Start asked for", event_stop: "Stop asked for", event_shutdown: "Stop asked for", event_reserve: "Stop planned", event_started: "Started", event_stopped: "Stopped", event_decision: "Decision",
  event_auto_stop: "Automatic stop switched", event_lease: "Kept on", event_lease_ended: "Lease ended", event_password: "Password changed", event_paired: "Device paired",
  event_revoked: "Device revoked", event_refused: "Refused", event_locked: "Locked out", event_logout: "Signed out", event_running: "Running", event_gone: "Machine gone", event_size: "Another size tried",
  event_notice: "Notice", event_reservation_cleared: "Planned stop dropped", event_unreserve: "Planned stop taken back", event_code: "Pairing code made", event_totp: "Second factor shown", by: "by {who}",
  who_keeper: "the rules", who_schedule: "the schedule", who_outside: "somebody outside giban", who_host: "the host", who_somebody: "a device not registered",

  problem_400: "The request was not understood.", problem_401: "This device is not registered.", problem_403: "This network or page may not do that.", problem_404: "That is not there any more.",
  problem_409: "Somebody else was faster. Shown now: what is really happening.", problem_413: "That is too long.", problem_422: "Something in the form is not right.", problem_429: "Too many attempts. Try again {time}.",
  problem_500: "The API failed. Nothing is lost; try again.", problem_503: "AWS does not answer the API just now. Try again.", problem_network: "The API cannot be reached.", problem_timeout: "The API took too long to answer.",
  "problem_not-on": "It is not on: there is nothing to stop or to keep.", "problem_too-many": "There are too many of these already. End one first.",
  problem_address: "This network is not on the list of allowed addresses. Use the office network or the VPN, or have this address added to “allow” in the blueprint.",

  days: "{n} d", hours: "{n} h", minutes: "{n} min", seconds: "{n} s", in_time: "in {duration}", ago: "{duration} ago", now: "now", tomorrow: "tomorrow {time}", yesterday: "yesterday {time}",
};

const ko = {
  skip: "본문으로 건너뛰기", workstation: "워크스테이션", loading: "워크스테이션 상태를 확인하는 중…", retry: "다시 시도",
  live: "연결됨", contact_lost: "연결 끊김", last_heard: "마지막 확인 {time}", offline: "이 기기가 오프라인입니다. 연결되면 자동으로 이어집니다.",
  lost: "워크스테이션 API에 연결할 수 없습니다. {time} 다시 시도합니다.", waiting: "{time} 다시 확인합니다.",
  refused_title: "여기서는 사용할 수 없습니다", forgotten: "이 기기는 더 이상 등록되어 있지 않습니다. 다시 등록하세요.", signed_out: "로그아웃했습니다. 다시 쓰려면 이 기기를 등록하세요.",

  pair_title: "이 기기 등록", pair_text: "AWS 계정을 쓸 수 있는 터미널에서 일회용 코드를 받으세요:",
  pair_code: "일회용 코드", pair_code_hint: "8자리, 10분 동안 유효합니다.", pair_totp: "2단계 인증",
  pair_totp_hint: "인증 앱에 지금 표시된 숫자 6자리입니다.", pair_name: "이 기기의 이름", pair_send: "등록", pair_busy: "등록하는 중…",
  pair_missing: "세 칸을 모두 채우세요.", pair_digits: "2단계 인증 코드는 숫자 6자리입니다.", pair_done: "등록했습니다.", device_default: "{system}의 {browser}",

  state_off: "꺼짐", state_asked: "시작 요청됨", state_starting: "시작하는 중", state_booting: "부팅하는 중", state_ready: "켜짐", state_stopping: "종료하는 중",
  state_gone: "머신이 없습니다", gone_text: "삭제되었거나 아직 만들어지지 않았습니다. “giban up”으로 다시 만들 수 있고 홈 볼륨은 그대로 남아 있습니다.",
  on_since: "{duration}째, {time}부터", off_since: "{time}부터", moving_since: "{duration}째",
  stopping_then_start: "종료가 끝나면 바로 다시 시작합니다.", starting_then_stop: "시작이 끝나면 바로 종료합니다.",
  ide_quiet: "머신은 켜져 있지만 IDE가 응답하지 않습니다.", step_asked: "요청", step_starting: "머신 시작", step_booting: "시스템 부팅", step_ready: "IDE 응답",
  progress_label: "시작 진행률", title_on: "켜짐", title_off: "꺼짐", title_moving: "{percent}%",

  open_ide: "IDE 열기", start: "시작", start_again: "다시 시작", stop: "지금 종료", stop_cancel: "시작 취소",
  stop_later: "나중에 종료…", stop_later_change: "종료 시각 변경", new_tab: "(새 탭)",

  why_on: "켜져 있는 이유", why_off: "꺼져 있는 이유", why_moving: "진행 상황", changes_title: "결정에 영향을 주는 것", changes_none: "활동이 있으면 종료가 미뤄집니다: SSH 세션, IDE나 터미널 입력, 실행 중인 작업.",
  stops_reserved: "종료 예정", stops_idle: "활동이 없으면 종료", stops_not_before: "적어도 이때까지 유지", stops_none: "다음 종료", stops_none_value: "이 상태가 이어지는 동안 없음",
  stops_latest: "늦어도", source: "출처: {source}", source_settings: "블루프린트", source_agent: "호스트 에이전트", source_reservation: "종료 예약", "source_auto-stop": "아래 스위치", source_boot: "이번 부팅", until: "{time}까지", starts_next: "다음 시작",

  keep_title: "켜 두기", keep_text: "중단되면 안 되는 작업에 쓰세요. 유휴 규칙보다 우선하며 최대 72시간입니다.", keep_hours: "{n}시간", keep_other: "더 길게…",
  keep_dialog: "켜 두기", keep_for: "이유", keep_for_hint: "모두에게 보이며 기록에 남습니다.", keep_length: "시간", keep_send: "켜 두기",
  keep_default: "페이지에서 연장", keep_done: "{time}까지 켜 둡니다.", keep_bad: "0보다 크고 72 이하인 시간을 입력하세요.", keep_why: "이유를 적으세요.", lease_end: "끝내기", lease_ended: "“{for}” 연장을 끝냈습니다.", lease_by: "{by}, {time}까지",
  lease_end_label: "“{for}” 끝내기",

  auto_title: "자동 종료", auto_on_text: "활동이 {idle} 동안 없으면 종료합니다.", auto_off_text: "스스로 종료하지 않습니다. 단, 최대 가동 시간 {maximum}은 지킵니다.",
  auto_done_on: "자동 종료를 켰습니다.", auto_done_off: "자동 종료를 껐습니다.",

  activity_title: "활동", ssh: "SSH 세션", none: "없음", web: "브라우저", web_connected: "열려 있음", web_interacting: "{time} 사용", web_off: "닫힘", web_seen: "마지막으로 열림 {time}",
  work: "작업", work_now: "CPU {percent}%", work_seen: "마지막 {time}", work_none: "조용함", agent: "호스트 에이전트", agent_heard: "{time} 보고", agent_silent: "{time}부터 응답 없음", agent_never: "아직 보고하지 않음",

  stop_title: "사용 중입니다", stop_text: "지금 종료하면 다음이 끊깁니다:", stop_ssh_one: "SSH 세션 1개가 열려 있습니다", stop_ssh: "SSH 세션 {n}개가 열려 있습니다", stop_web: "브라우저에 IDE가 열려 있습니다",
  stop_work: "실행 중: {jobs}", stop_work_cpu: "프로세서가 일하고 있습니다 ({percent}%)", stop_lease: "켜 두는 중: {for}", stop_sure: "지금 종료", stop_in_15: "15분 뒤 종료", cancel: "취소",
  stop_grace: "{n}초 뒤 종료합니다", stop_undone: "계속 켜 둡니다.", undo: "되돌리기", later_title: "나중에 종료", later_text: "그때까지 켜 두었다가 종료합니다.", later_minutes: "몇 분 뒤",
  later_send: "그때 종료", later_done: "{time} 종료합니다.", later_bad: "1에서 4320(72시간) 사이의 정수를 입력하세요.", later_removed: "종료 예약을 취소했습니다.", later_remove: "종료 안 함",

  events_title: "최근 기록", events_more: "이전 기록", events_none: "아직 기록이 없습니다.",
  devices_title: "기기", device_this: "이 기기", device_used: "{time} 사용, {address}", device_never: "사용한 적 없음", device_revoke: "해지", device_revoke_label: "{name} 해지",
  revoke_title: "“{name}” 기기를 해지할까요?", revoke_text: "바로 접근할 수 없게 되며 다시 등록해야 합니다.", revoke_own: "지금 쓰고 있는 기기입니다. 바로 접근할 수 없게 됩니다.", revoke_done: "“{name}” 기기를 해지했습니다.", logout: "이 기기 로그아웃",
  password_title: "IDE 비밀번호", password_text: "새 비밀번호는 1~2분 안에 적용되고 이전 것은 쓸 수 없게 됩니다. 한 번만 표시됩니다.", password_new: "새 비밀번호 만들기", password_done: "새 비밀번호를 만들었습니다.", copy: "복사", copied: "복사했습니다.",

  event_start: "시작 요청", event_stop: "종료 요청", event_shutdown: "종료 요청", event_reserve: "종료 예약", event_started: "시작됨", event_stopped: "종료됨", event_decision: "결정",
  event_auto_stop: "자동 종료 변경", event_lease: "켜 두기", event_lease_ended: "켜 두기 끝", event_password: "비밀번호 변경", event_paired: "기기 등록",
  event_revoked: "기기 해지", event_refused: "거부됨", event_locked: "잠김", event_logout: "로그아웃", event_running: "실행 중", event_gone: "머신이 없음", event_size: "다른 크기 시도",
  event_notice: "알림", event_reservation_cleared: "종료 예약 지움", event_unreserve: "종료 예약 취소", event_code: "등록 코드 생성", event_totp: "2단계 인증 표시", by: "{who}",
  who_keeper: "규칙", who_schedule: "일정", who_outside: "giban 밖", who_host: "호스트", who_somebody: "등록 안 된 기기",

  problem_400: "요청을 이해하지 못했습니다.", problem_401: "등록되지 않은 기기입니다.", problem_403: "이 네트워크나 페이지에서는 할 수 없습니다.", problem_404: "더 이상 없는 항목입니다.",
  problem_409: "다른 요청이 먼저 처리되었습니다. 지금 보이는 것이 실제 상태입니다.", problem_413: "너무 깁니다.", problem_422: "입력한 내용에 잘못된 것이 있습니다.", problem_429: "시도가 너무 많았습니다. {time} 다시 시도하세요.",
  problem_500: "API에 오류가 났습니다. 잃은 것은 없으니 다시 시도하세요.", problem_503: "지금 AWS가 API에 응답하지 않습니다. 다시 시도하세요.", problem_network: "API에 연결할 수 없습니다.", problem_timeout: "API 응답이 너무 늦습니다.",
  "problem_not-on": "켜져 있지 않아 종료하거나 켜 둘 것이 없습니다.", "problem_too-many": "이미 너무 많습니다. 먼저 하나를 끝내세요.",
  problem_address: "이 네트워크는 허용된 주소 목록에 없습니다. 사무실 네트워크나 VPN을 쓰거나, 블루프린트의 “allow”에 이 주소를 추가하세요.",

  days: "{n}일", hours: "{n}시간", minutes: "{n}분", seconds: "{n}초", in_time: "{duration} 뒤", ago: "{duration} 전", now: "지금", tomorrow: "내일 {time}", yesterday: "어제 {time}",
};

export const languages = { en, ko };

// The first language of the browser that the page speaks; the whole tag ("en-GB") decides how times are written.
export const tag = (navigator.languages || [navigator.language]).find((one) => /^(en|ko)\b/i.test(one)) || "en";
export const language = tag.slice(0, 2).toLowerCase();

const words = languages[language];

export const has = (key) => Object.hasOwn(words, key);

// say("keep_hours", {n: 2}) → "2 h". A missing value stays visible as {n}: tests look for it.
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// The API's own sentences come in both languages: decision.text and decision.text_ko.
export const theirs = (object, name) => (language === "ko" && object[`${name}_ko`]) || object[name] || "";
