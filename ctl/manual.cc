// SPDX-License-Identifier: Apache-2.0
// The manual page, in mdoc (mdoc(7)).
#include <algorithm>

#include "ctl/help.h"

namespace pinion::ctl {
namespace {

constexpr std::string_view kHead = R"(.\" SPDX-License-Identifier: Apache-2.0
.\" Made from the table of verbs: pinionctl manual > deploy/man/pinionctl.1
.Dd November 23, 2026
.Dt PINIONCTL 1
.Os
.Sh NAME
.Nm pinionctl
.Nd control the Pinion load balancer
.Sh SYNOPSIS
.Nm
.Op Fl Fl socket Ar PATH
.Op Fl Fl output Cm table | json
.Ar VERB
.Op Ar ARGUMENT ...
.Nm
.Op Ar VERB
.Fl Fl help
.Nm
.Fl Fl version
.Sh DESCRIPTION
.Nm
asks a running
.Xr piniond 8
what it does, and changes what it does, through its control socket.
Changes are live at once and last until the next reload;
.Cm config diff
shows them and
.Cm config save
writes them into the configuration file, unless somebody has edited that since
it was loaded.
What is likely a mistake in a change is said on standard error, as a warning.
.Pp
Services are called by their names, real servers by their addresses.
The options are:
.Bl -tag -width Ds
)";

constexpr std::string_view kTail = R"(.Sh ENVIRONMENT
.Bl -tag -width Ds
.It Ev PINION_SOCKET
The control socket, where
.Fl Fl socket
is not given.
.El
.Sh FILES
.Bl -tag -width Ds
.It Pa /run/pinion/control.sock
The daemon's control socket.
It speaks HTTP/1.1 with JSON:
.Ql curl --unix-socket /run/pinion/control.sock http://pinion/
lists all requests.
Its group and mode are
.Cm director.control
of the configuration.
.It Pa /etc/pinion/pinion.yaml
The configuration file.
.El
.Sh EXIT STATUS
.Bl -tag -width Ds
.It 0
It is done.
.It 1
It was refused, or failed; nothing has changed.
.It 2
The command line is wrong.
.It 3
There is no daemon, or no permission to speak to it.
.El
.Sh SEE ALSO
.Xr ipvsadm 8 ,
.Xr piniond 8
)";

constexpr size_t kLine = 80;

// Escapes what mdoc would take for markup: a leading dot or quote, and backslashes.
std::string escape(std::string_view text) {
  std::string escaped = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) escaped += c == '\\' ? std::string("\\e") : std::string(1, c);
  return escaped;
}

// Breaks lines, because mandoc's linter warns of long ones.
std::string wrap(const std::string& text) {
  std::string wrapped;
  size_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const bool fits = column + 1 + end - at <= kLine;
    if (at > 0) wrapped += fits ? ' ' : '\n';
    column = (at > 0 && fits ? column + 1 : 0) + end - at;
    wrapped += text.substr(at, end - at);
    at = end + 1;
  }
  return wrapped;
}

std::string sentence(std::string_view text) {
  std::string result = escape(text);
  if (result[0] >= 'a' && result[0] <= 'z') result[0] = static_cast<char>(result[0] - 'a' + 'A');
  return wrap(result + ".") + "\n";
}

// "Fl Fl weight Ar N"
std::string macros(const Argument& argument) {
  std::string text = is_option(argument) ? "Fl Fl " + std::string(argument.name) : "";
  const std::string value = placeholder(argument);
  if (!value.empty()) text += (text.empty() ? "Ar " : " Ar ") + value;
  return text;
}

std::string synopsis_macros(const Verb& verb) {
  std::string text = "Cm " + std::string(verb.words);
  for (const Argument& argument : verb.arguments) {
    text += "\n";
    text += is_required(argument) ? "." : ".Op ";
    text += macros(argument);
    if (argument.form == control::Form::kRepeatedOption) text += " ...";
  }
  return text;
}

std::string arguments_of(const Verb& verb) {
  if (verb.arguments.empty()) return "";
  std::string text = ".Bl -tag -width Ds\n";
  for (const Argument& argument : verb.arguments) {
    text += ".It " + macros(argument) + "\n" + sentence(argument.help);
    const auto words = words_of(argument);
    if (words.size() == 1) text += "So far there is only " + control::join(words) + ".\n";
    if (words.size() > 1) text += wrap("One of " + control::join(words) + ".") + "\n";
  }
  return text + ".El\n";
}

std::string section(const Verb& verb) {
  return ".Ss " + std::string(verb.words) + "\n" + sentence(verb.help) + ".Pp\n.Nm\n." +
         synopsis_macros(verb) + "\n" + arguments_of(verb) + ".Pp\n.Dl " +
         std::string(verb.example) + "\n";
}

}  // namespace

std::string manual() {
  std::string text(kHead);
  for (const GlobalOption& option : global_options()) {
    text += ".It Fl Fl " + std::string(option.name);
    if (!option.placeholder.empty()) text += " Ar " + std::string(option.placeholder);
    text += "\n" + sentence(option.help);
  }
  text += ".El\n.Sh VERBS\n";
  for (const Verb& verb : control::verbs()) text += section(verb);
  return text + std::string(kTail);
}

}  // namespace pinion::ctl
