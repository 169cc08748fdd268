# Formula of a tap: the programs of the release, not built again.
class Clearway < Formula
  desc "@DESCRIPTION@"
  version "@VERSION@"
  license "@LICENCE@"

  on_macos do
    on_arm do
      url "@MAC_ARM_URL@"
      sha256 "@MAC_ARM_SHA256@"
    end
    on_intel do
      url "@MAC_INTEL_URL@"
      sha256 "@MAC_INTEL_SHA256@"
    end
  end

  on_linux do
    on_intel do
      url "@LINUX_URL@"
      sha256 "@LINUX_SHA256@"
    end
  end

  def install
    bin.install "clearway"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/clearway.bash" => "clearway"
    zsh_completion.install "completions/_clearway"
    fish_completion.install "completions/clearway.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/clearway --version")
  end
end
